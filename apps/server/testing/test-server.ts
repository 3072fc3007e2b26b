import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { ensureDataDirectory } from '@bulwark/private-files';
import pino from 'pino';
import { freePort } from '../../../testing/free-port.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import type { Config } from '../src/config/config.ts';
import { ensureConfiguredDevelopmentCertificate, prepareDataDirectory } from '../src/config/development.ts';
import { loadConfig, type SettingTexts } from '../src/config/load-config.ts';
import { type RunningServer, startServer } from '../src/server.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  json<T = Record<string, unknown>>(): T;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** The real server on a free port, with a data directory of its own, and what a test needs to talk to it. */
export interface TestServer {
  readonly url: string;
  readonly config: Config;
  readonly dataDir: string;
  readonly running: RunningServer;
  /** All that it has logged, a JSON object a line. */
  logLines(): Record<string, unknown>[];
  logText(): string;
  call(path: string, options?: CallOptions): Promise<HttpAnswer>;
  /** Creates the first administrator. @returns headers of its session */
  signInAsAdministrator(): Promise<Record<string, string>>;
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const ADMINISTRATOR = { username: 'ada', password: 'correct horse battery staple' };

export async function startTestServer(databaseUrl?: string, settings: SettingTexts = {}): Promise<TestServer> {
  const directory = await tempDir();
  const dataDir = join(directory.path, 'data');
  await ensureDataDirectory(dataDir);
  const port = await freePort();
  const { configFile, caFile } = await prepareDataDirectory(dataDir, { 'server.port': String(port) });
  const isPostgres = databaseUrl?.startsWith('postgres');
  const config = await loadConfig({
    file: configFile,
    env: isPostgres ? { BULWARK_DATABASE_URL: databaseUrl } : {},
    flags: { 'server.data_dir': dataDir, 'server.interval': '1', 'limits.sign_in_per_minute': '100', ...settings },
    production: false,
  });
  await ensureConfiguredDevelopmentCertificate(config);
  const ca = await readFile(caFile);
  const agent = new Agent({ ca, keepAlive: true });

  let logged = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged += chunk;
      done();
    },
  });
  const log = pino({ level: 'debug' }, sink);
  let running = await startServer({ config, log });
  let isSetUp = running.setupUrl === undefined;
  const url = `https://localhost:${port}`;

  async function call(path: string, options: CallOptions = {}): Promise<HttpAnswer> {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const headers = {
      ...(options.json !== undefined && { 'content-type': 'application/json' }),
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      ...options.headers,
    };
    return new Promise((resolve, reject) => {
      const asking = request(new URL(path, url), { agent, method: options.method ?? 'GET', headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: bytes,
            json: () => JSON.parse(bytes.toString('utf8')),
          });
        });
      });
      asking.on('error', reject);
      asking.end(body);
    });
  }

  return {
    url,
    config,
    dataDir,
    get running() {
      return running;
    },
    logLines: () =>
      logged
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    logText: () => logged,
    call,
    async signInAsAdministrator() {
      const token = isSetUp ? undefined : running.setupUrl?.split('#')[1];
      const path = token === undefined ? '/api/session' : '/api/setup';
      const answer = await call(path, {
        method: 'POST',
        headers: { origin: url, 'sec-fetch-site': 'same-origin' },
        json: token === undefined ? ADMINISTRATOR : { token, ...ADMINISTRATOR },
      });
      if (answer.status !== 200) throw new Error(`signing in answered ${answer.status}: ${answer.body}`);
      isSetUp = true;
      const [cookie = ''] = answer.headers['set-cookie'] ?? [];
      return {
        cookie: cookie.split(';')[0] ?? '',
        'x-bulwark-csrf': answer.json<{ csrfToken: string }>().csrfToken,
        origin: url,
        'sec-fetch-site': 'same-origin',
      };
    },
    async restart() {
      await running.close();
      running = await startServer({ config, log });
    },
    async stop() {
      agent.destroy();
      await running.close();
      // What a server leaves behind is looked at by some tests; its log is part of it.
      await writeFile(join(dataDir, 'server.log'), logged, { mode: 0o600 });
      await directory.remove();
    },
  };
}
