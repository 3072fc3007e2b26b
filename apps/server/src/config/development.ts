import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDataDirectory, writePrivateFile } from '@bulwark/private-files';
import { type DevelopmentCertificate, ensureDevelopmentCertificate } from '../tls/development-certificate.ts';
import type { Config } from './config.ts';
import { DEVELOPMENT_CERTIFICATE } from './derived-settings.ts';
import { generateKeyText } from './key-encoding.ts';
import type { SettingTexts } from './load-config.ts';
import { checkSettingTexts } from './settings.ts';

/** File in the data directory that `bulwark up` makes and reads. */
export const DEVELOPMENT_CONFIG_FILE = 'bulwark.yaml';

/**
 * One file a key, not all three inside the YAML: each is then rotated alone (one file replaced), and the
 * configuration itself can be shown, compared and pasted into an issue without giving a key away.
 */
const KEY_FILES = {
  api_key: 'keys/api.key',
  db_encryption_key: 'keys/db-encryption.key',
  encryption_key: 'keys/encryption.key',
} as const;

/** What is there after `prepareDataDirectory`. */
export interface PreparedDirectory {
  readonly configFile: string;
  /** Certificate that browsers and agents may be told to trust, PEM. */
  readonly caFile: string;
  /** What this call made, in words; empty when everything was there. */
  readonly created: readonly string[];
}

/**
 * Makes a data directory from which a server starts without a question: three independent keys, a development
 * certificate and a configuration file that names them. What is there already is kept; a key is never replaced,
 * since data would be lost with it.
 *
 * @param overrides Port and host of the first start are written into the file, so that the second finds them.
 * @throws ConfigError when one of them is not as wanted, before anything is made.
 * @throws UnsafeFileError
 */
export async function prepareDataDirectory(dataDir: string, overrides: SettingTexts = {}): Promise<PreparedDirectory> {
  checkSettingTexts(overrides);
  const created: string[] = [];
  await ensureDataDirectory(dataDir);
  await ensureDataDirectory(join(dataDir, 'keys'));

  const configFile = join(dataDir, DEVELOPMENT_CONFIG_FILE);
  // The file is written last: while it is missing, the first start has not been completed and is taken up again.
  const isFirstStart = await isMissing(configFile);
  for (const keyFile of Object.values(KEY_FILES)) {
    const file = join(dataDir, keyFile);
    // Once the configuration is there, a missing key file is reported by loadConfig: a new key would not open the data.
    if (isFirstStart && (await isMissing(file))) {
      await writePrivateFile(file, `${generateKeyText()}\n`);
      created.push(`key ${file}`);
    }
  }
  const certificate = await ensureDevelopmentCertificate(join(dataDir, DEVELOPMENT_CERTIFICATE.directory));
  if (certificate.renewed) created.push(`development certificate ${certificate.certFile}`);
  if (isFirstStart) {
    await writePrivateFile(configFile, configText(overrides));
    created.push(`configuration ${configFile}`);
  }
  return { configFile, caFile: certificate.caFile, created };
}

/**
 * Where the configuration names the development certificate of its data directory, makes sure that it is there and
 * covers the hosts of the configuration. A certificate of your own is left alone.
 *
 * @returns undefined for a certificate of your own.
 */
export async function ensureConfiguredDevelopmentCertificate(
  config: Config,
): Promise<DevelopmentCertificate | undefined> {
  const directory = join(config.server.dataDir, DEVELOPMENT_CERTIFICATE.directory);
  if (config.ssl.certFile !== join(directory, DEVELOPMENT_CERTIFICATE.certFile)) return undefined;
  const { host, publicUrl } = config.server;
  const listensEverywhere = host === '0.0.0.0' || host === '::';
  return ensureDevelopmentCertificate(directory, [new URL(publicUrl).hostname, ...(listensEverywhere ? [] : [host])]);
}

function configText(overrides: SettingTexts): string {
  return `# Made by \`bulwark up\` at its first start; change it as you like. Paths are relative to this file.
# The keys stand in files of their own, so that each can be rotated alone and this file holds no secret.
server:
  port: ${overrides['server.port'] ?? '8768'}
  host: ${overrides['server.host'] ?? '127.0.0.1'}
  api_key: file:${KEY_FILES.api_key}
  db_encryption_key: file:${KEY_FILES.db_encryption_key}
  db_path: bulwark.db
  encryption_key: file:${KEY_FILES.encryption_key}
ssl:
  cert_file: ${DEVELOPMENT_CERTIFICATE.directory}/${DEVELOPMENT_CERTIFICATE.certFile}
  key_file: ${DEVELOPMENT_CERTIFICATE.directory}/${DEVELOPMENT_CERTIFICATE.keyFile}
`;
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await access(file);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
