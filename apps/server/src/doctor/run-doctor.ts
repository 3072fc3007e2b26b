import { readFile } from 'node:fs/promises';
import { cpus, hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { DEVELOPMENT_CERTIFICATE } from '../config/derived-settings.ts';
import { type ConfigSources, loadConfig } from '../config/load-config.ts';
import { engineOf } from '../db/open.ts';
import { checkCertificate } from './certificate-check.ts';
import { type Check, runCheck } from './check.ts';
import { findClearText } from './clear-text.ts';
import { checkDatabase, checkLastReport } from './database-checks.ts';
import { checkFiles } from './file-checks.ts';
import { openReadOnly } from './open-read-only.ts';
import { checkServer } from './server-checks.ts';

/** Shorter names (`vm`, `web`) occur in any file by chance or for good reasons. */
const CANARY_MIN_LENGTH = 8;

/**
 * The whole checklist, against a configuration and whatever runs with it. Changes nothing. Where the configuration
 * cannot be loaded, the rest has no ground to stand on and only that is reported.
 */
export async function runDoctor(sources: ConfigSources, now = Date.now()): Promise<Check[]> {
  const loaded = await loadConfig(sources).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  if (loaded instanceof ConfigError) {
    return loaded.problems.map(({ setting, message }) => ({
      id: 'configuration',
      title: 'Configuration and keys',
      state: 'failed',
      detail: `${setting} ${message}`,
    }));
  }
  const config = loaded;
  const detail = 'three keys, well-formed and different';
  const { keyFile } = config.ssl;
  return [
    { id: 'configuration', title: 'Configuration and keys', state: 'ok', detail },
    ...(await checkFiles(config.server.dataDir, [keyFile, ...(sources.file === undefined ? [] : [sources.file])])),
    await checkCertificate(config.ssl, config.server.publicUrl, now),
    ...(await checkStore(config, now)),
    ...(await checkServer(config.server.publicUrl, await developmentAuthority(config))),
  ];
}

async function checkStore(config: Config, now: number): Promise<Check[]> {
  const opened = await openReadOnly(config.database.url).catch((error: Error) => error);
  if (opened instanceof Error) {
    return [{ id: 'database-opens', title: 'Database opens', state: 'failed', detail: opened.message }];
  }
  try {
    return [
      ...(await checkDatabase(opened)),
      ...(engineOf(config.database.url) === 'sqlite' ? [await checkDatabaseFiles(config.database.url)] : []),
      await checkLastReport(opened, config.server.interval, now),
    ];
  } finally {
    await opened.destroy();
  }
}

/** What an agent on this machine reports about it must not stand in the files, deleted rows and the WAL included. */
function checkDatabaseFiles(path: string): Promise<Check> {
  return runCheck('database-files', 'Database files hold no clear text', async () => {
    const known = [hostname(), cpus()[0]?.model ?? ''].filter((text) => text.length >= CANARY_MIN_LENGTH);
    if (known.length === 0) return { detail: "this machine's name is too short to look for" };
    for (const file of [path, `${path}-wal`]) {
      const found = await findClearText(file, known);
      if (found.length > 0) {
        const fix = 'keep a copy of the database and report it: see SECURITY.md';
        return { state: 'failed', detail: `${file} holds this machine's name or processor in clear`, fix };
      }
    }
    return { detail: "this machine's name and processor do not occur in them" };
  });
}

/** The authority of the development certificate, where that is what the configuration names. */
async function developmentAuthority({ server, ssl }: Config): Promise<Buffer | undefined> {
  const directory = join(server.dataDir, DEVELOPMENT_CERTIFICATE.directory);
  if (ssl.certFile !== join(directory, DEVELOPMENT_CERTIFICATE.certFile)) return undefined;
  return readFile(join(directory, 'ca.pem'));
}
