import { access } from 'node:fs/promises';
import { checkPrivateFile, systemReason } from '@bulwark/private-files';
import type { GivenConfig } from './config.ts';
import type { ConfigProblem } from './config-error.ts';
import { parseKey } from './key-encoding.ts';
import { howToGive } from './settings.ts';

/** Problems that only show when settings are seen together, or with the files they name. */
export async function checkTogether(given: GivenConfig, production: boolean): Promise<ConfigProblem[]> {
  return [
    ...keysThatAreEqual(given),
    ...administratorHalfGiven(given),
    ...(await certificateUnusable(given, production)),
  ];
}

/** Each key must be rotatable alone, and one that leaks must not open what another protects. */
function keysThatAreEqual({ server }: GivenConfig): ConfigProblem[] {
  const keys = [
    [
      'server.api_key',
      server.apiKey === undefined ? undefined : (parseKey(server.apiKey) ?? Buffer.from(server.apiKey)),
    ],
    ['server.db_encryption_key', server.dbEncryptionKey],
    ['server.encryption_key', server.encryptionKey],
  ] as const;
  return keys.flatMap(([name, key], i) =>
    keys
      .slice(i + 1)
      .filter(([, other]) => key !== undefined && other !== undefined && key.equals(other))
      .map(([other]) => ({
        setting: name,
        message: `and ${other} are the same key; they must differ (bulwark keys generate)`,
      })),
  );
}

function administratorHalfGiven({ server }: GivenConfig): ConfigProblem[] {
  if ((server.webUsername === undefined) === (server.webPassword === undefined)) return [];
  const [missing, there] =
    server.webUsername === undefined ? ['web_username', 'web_password'] : ['web_password', 'web_username'];
  return [{ setting: `server.${missing}`, message: `is missing, and server.${there} is given: give both or none` }];
}

async function certificateUnusable({ ssl }: GivenConfig, production: boolean): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const files = [
    { setting: 'ssl.cert_file', file: ssl.certFile },
    { setting: 'ssl.key_file', file: ssl.keyFile },
  ] as const;
  const given = files.filter(({ file }) => file !== undefined);
  for (const { setting, file } of files) {
    if (file !== undefined) {
      const isKey = setting === 'ssl.key_file';
      const problem = isKey ? await reasonNotPrivate(file) : await reasonNotReadable(file);
      if (problem !== undefined) problems.push({ setting, message: problem });
    } else if (production || given.length === 1) {
      const why = production ? 'in production' : 'when the other file of the pair is given';
      problems.push({ setting, message: `is missing, and needed ${why}. ${howToGive(setting)}` });
    }
  }
  return problems;
}

async function reasonNotPrivate(file: string): Promise<string | undefined> {
  return checkPrivateFile(file).then(
    () => undefined,
    (error: unknown) => `cannot be used: ${(error as Error).message}`,
  );
}

async function reasonNotReadable(file: string): Promise<string | undefined> {
  return access(file).then(
    () => undefined,
    (error: unknown) => `cannot be used: ${file} ${systemReason(error)}`,
  );
}
