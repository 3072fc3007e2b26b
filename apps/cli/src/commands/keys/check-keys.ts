import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyId, KeyInfo, Keys, RecipientCheck } from '@bulwark/keyring';
import { checkDataDirectory, checkPrivateFile } from '@bulwark/private-files';
import type { Check } from '@bulwark/server';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { explainError } from '../../explain-error.ts';
import { reportChecks } from '../../report-checks.ts';
import { keyDirOf, openKeyStore, recordFile, storeDir } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';

type Finding = Pick<Check, 'detail' | 'fix'> & { readonly state?: Check['state'] };

/** `bulwark keys doctor` */
export async function checkKeys(options: KeyStoreOptions, context: Context): Promise<Outcome> {
  const keyDir = keyDirOf(options, context);
  const checks = [
    await check('modes', 'Directory is private', () => checkModes(keyDir, options.root === 'passphrase')),
  ];
  // With modes that are wrong nothing else can be read.
  if (checks[0]?.state === 'ok') checks.push(...(await checkRootAndKeys(options, context)));
  return reportChecks(checks, context.output);
}

async function checkRootAndKeys(options: KeyStoreOptions, context: Context): Promise<Check[]> {
  const id = 'root';
  const title = 'Root opens';
  try {
    await using opened = await openKeyStore(options, context);
    const checks: Check[] = [{ id, title, state: 'ok', detail: opened.root.id }];
    for (const key of await opened.list()) {
      checks.push(await check('key', `Key ${nameOf(key)}`, () => checkKey(opened.keys, key)));
    }
    return checks;
  } catch (error) {
    return [{ id, title, ...failure(error) }];
  }
}

async function checkModes(keyDir: string, hasRecord: boolean): Promise<Finding> {
  let files = 0;
  if (hasRecord) await checkPrivateFile(recordFile(keyDir));
  await checkDataDirectory(keyDir);
  const folders = ['', 'metadata', 'uses', 'material'].map((name) => join(storeDir(keyDir), name));
  for (const folder of folders) {
    await checkDataDirectory(folder);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      await checkPrivateFile(join(folder, entry.name));
      files += 1;
    }
  }
  return { detail: `${keyDir}: directories 0700, ${files} files 0600` };
}

/** Reading a key verifies its MAC, its counts and that what is unwrapped is the key that the document names. */
async function checkKey(keys: Keys, id: KeyId): Promise<Finding> {
  const info = await keys.describe(id).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ERR_KEY_DESTROYED') return undefined;
    throw error;
  });
  if (info === undefined) return { detail: 'destroyed' };
  const recipients = await keys.checkRecipients(id);
  const rootsThat = (wanted: RecipientCheck['answer']) => [
    ...new Set(recipients.filter(({ answer }) => answer === wanted).map(({ rootId }) => rootId)),
  ];
  const differing = rootsThat('differs');
  if (differing.length > 0) {
    const detail = `${differing.join(', ')} does not open to the key`;
    return { state: 'failed', detail, fix: 'run: bulwark keys rewrap --repair' };
  }
  const others = rootsThat('away');
  const also = others.length === 0 ? '' : `; wrapped by ${others.join(', ')} as well`;
  return { ...dueOf(info), detail: `genuine; ${detailOf(info)}${also}` };
}

function dueOf({ rotationDue, deletedAt }: KeyInfo): Pick<Finding, 'state' | 'fix'> {
  if (deletedAt !== null) return { state: 'warning', fix: 'it can be restored for 30 days from then on' };
  if (rotationDue === null) return {};
  return { state: 'warning', fix: 'run: bulwark keys rotate-expired' };
}

function detailOf({ versions, rotationDue, deletedAt }: KeyInfo): string {
  const uses = versions.at(-1)?.uses ?? 0;
  const count = `${versions.length} ${versions.length === 1 ? 'version' : 'versions'}, ${uses} uses of the newest`;
  if (deletedAt !== null) return `${count}; deleted`;
  const reasons = {
    age: 'due for rotation by age',
    uses: 'due for rotation by uses',
    expiry: 'expires soon, or has',
    limit: "at half of its cipher's limit, or beyond",
    'none-active': 'seals nothing: no version is active',
  };
  return rotationDue === null ? count : `${count}; ${reasons[rotationDue]}`;
}

async function check(id: string, title: string, find: () => Promise<Finding>): Promise<Check> {
  try {
    return { id, title, state: 'ok', ...(await find()) };
  } catch (error) {
    return { id, title, ...failure(error) };
  }
}

function failure(error: unknown): Pick<Check, 'state' | 'detail'> {
  return { state: 'failed', detail: explainError(error).lines.join('; ') };
}
