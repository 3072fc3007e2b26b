import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { findPostgresBin } from './find-binaries.ts';
import { freePort } from './free-port.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

const run = promisify(execFile);

/** A throw-away PostgreSQL server of this test run. */
export interface Postgres {
  /** Superuser URL of the `postgres` database; what `BULWARK_TEST_POSTGRES` carries to test files. */
  readonly adminUrl: string;
  /** Creates an empty database and returns its `postgres://` URL. */
  url(): Promise<string>;
  stop(): Promise<void>;
}

/** The environment variable in which the test run passes its one shared server to every test file. */
export const SHARED_POSTGRES = 'BULWARK_TEST_POSTGRES';

const START_TIMEOUT_MS = 30_000;

// The server lives exactly as long as this shell's standard input: it ends with its starter, even after kill -9.
const RUN_UNTIL_STDIN_CLOSES = `
  dir=$1; shift
  "$@" </dev/null & pid=$!
  cat >/dev/null
  kill -INT $pid 2>/dev/null; wait $pid
  rm -rf "$dir"`;

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, or joins the test run's shared server.
 *
 * @param options `fsync: true` always starts a server of its own whose commits reach the disk, for durability tests.
 */
export async function startPostgres({ fsync = false }: { fsync?: boolean } = {}): Promise<Postgres> {
  const shared = process.env[SHARED_POSTGRES];
  if (shared !== undefined && !fsync) return { ...client(shared), stop: async () => {} };

  const dir = await tempDir();
  try {
    return await startIn(dir, fsync);
  } catch (error) {
    await dir.remove();
    throw error;
  }
}

async function startIn(dir: TempDir, fsync: boolean): Promise<Postgres> {
  const user = await unprivilegedUser();
  if (user !== undefined) await chown(dir.path, user.uid, user.gid);
  const data = path.join(dir.path, 'data');
  // The C locale sorts by bytes, as SQLite does, so that both engines answer in the same order.
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(binary('initdb'), initdb, { ...user, cwd: '/' });

  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: fsync ? 'on' : 'off',
    shared_buffers: '32MB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const supervised = [dir.path, binary('postgres'), '-D', data, ...flags];
  const server = spawn('/bin/sh', ['-c', RUN_UNTIL_STDIN_CLOSES, 'sh', ...supervised], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // Ctrl-C goes to the whole process group; the server is to outlast the tests that still use it
  });
  async function stop(): Promise<void> {
    if (server.exitCode === null && server.signalCode === null) {
      const exit = once(server, 'exit');
      server.ref();
      server.stdin?.end();
      await exit;
    }
    await dir.remove();
  }

  try {
    await ready(server);
  } catch (error) {
    await stop();
    throw error;
  }
  // Neither the process nor its pipes keep a finished test file from exiting.
  for (const handle of [server, server.stdin, server.stderr] as { unref(): void }[]) handle.unref();
  return { ...client(`postgres://postgres@127.0.0.1:${port}/postgres`), stop };
}

function client(adminUrl: string): Omit<Postgres, 'stop'> {
  return {
    adminUrl,
    async url() {
      const name = `test_${randomBytes(8).toString('hex')}`;
      await run(binary('createdb'), ['--maintenance-db', adminUrl, name]);
      return new URL(name, adminUrl).href;
    },
  };
}

async function ready(server: ChildProcess): Promise<void> {
  const log: string[] = [];
  const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream });
  const timer = setTimeout(() => lines.close(), START_TIMEOUT_MS);
  try {
    for await (const line of lines) {
      if (line.includes('ready to accept connections')) return;
      log.push(line);
      if (/FATAL|could not/.test(line)) break;
    }
  } finally {
    clearTimeout(timer);
    server.stderr?.resume();
  }
  throw new Error(`PostgreSQL did not start:\n${log.join('\n')}`);
}

function binary(name: string): string {
  const folder = findPostgresBin();
  if (folder === undefined) throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql)');
  return path.join(folder, name);
}

/** PostgreSQL refuses to run as root, so root lends it the identity of an account without rights. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  if (account === undefined) throw new Error('PostgreSQL needs an account other than root: postgres or nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}
