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
import { type Call, httpsCaller, signIn } from './https-caller.ts';

export type { HttpAnswer } from './https-caller.ts';

/** The real server on a free port, with a data directory of its own, and what a test needs to talk to it. */
export interface TestServer {
  readonly url: string;
  readonly config: Config;
  readonly dataDir: string;
  readonly running: RunningServer;
  /** All that it has logged, a JSON object a line. */
  logLines(): Record<string, unknown>[];
  logText(): string;
  readonly call: Call;
  /** Creates the first administrator, or signs it in. @returns headers of its session */
  signInAsAdministrator(): Promise<Record<string, string>>;
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param databaseUrl From `forEachDatabase`; without it SQLite in the data directory. */
export async function startTestServer(
  databaseUrl?: string,
  settings: SettingTexts = {},
  consoleDir?: string,
): Promise<TestServer> {
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

  let logged = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged += chunk;
      done();
    },
  });
  const log = pino({ level: 'debug' }, sink);
  let running = await startServer({ config, log, consoleDir });
  let { setupUrl } = running;
  const url = `https://localhost:${port}`;
  const { call, close } = await httpsCaller(url, caFile);

  return {
    url,
    config,
    dataDir,
    call,
    get running() {
      return running;
    },
    logLines: () =>
      logged
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    logText: () => logged,
    async signInAsAdministrator() {
      const session = await signIn(call, url, setupUrl);
      setupUrl = undefined;
      return session;
    },
    async restart() {
      await running.close();
      running = await startServer({ config, log, consoleDir });
      setupUrl = running.setupUrl;
    },
    async stop() {
      close();
      await running.close();
      await directory.remove();
    },
  };
}
