import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyEventSink, KeyId, Keys, RootProvider, VersionedKeyStore } from '@bulwark/keyring';
import { checkDataDirectory, ensureDataDirectory } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { openRoot, type RootRequest } from './open-root.ts';
import type { RootOptions } from './root-options.ts';

/** Keys of a directory, opened. `await using` closes them, which hands back unspent uses. */
export interface OpenedKeys extends AsyncDisposable {
  readonly keys: Keys;
  readonly store: VersionedKeyStore;
  readonly root: RootProvider;
  /** The key of this name in the scope of the options. */
  id(name: string): KeyId;
  /** Keys of the scope of the options, or of all. */
  list(): Promise<KeyId[]>;
}

interface HowToOpen {
  readonly mayCreate?: boolean;
  readonly root?: () => Promise<RootProvider>;
  readonly receiptKey?: () => Promise<Uint8Array>;
  readonly onEvent?: KeyEventSink;
}

/**
 * Opens the keys of a directory, whose layout is that of `openEncryptionFrom`: the record of a passphrase, and a
 * directory for the store.
 *
 * @param how mayCreate: the first key is made here, and with it directory and record. root: in place of the one that the
 *   options name. receiptKey: signs receipts of destruction; asked for once the root is open.
 *   onEvent: told of what happens to the keys.
 * @throws CliError; UnsafeFileError where it is not there or others may read it; KeyringError of the root
 */
export async function openKeyStore(
  options: KeyStoreOptions,
  context: Context,
  { mayCreate = false, ...how }: HowToOpen = {},
): Promise<OpenedKeys> {
  const { fileStore, openKeys } = await import('@bulwark/keyring');
  const keyDir = keyDirOf(options, context);
  if (mayCreate) await ensureDataDirectory(keyDir);
  else for (const path of [keyDir, storeDir(keyDir)]) await checkDataDirectory(path);
  const root = await (how.root?.() ?? openRoot(await rootRequest(keyDir, options, context, mayCreate)));
  const store = await fileStore(storeDir(keyDir));
  const keys = openKeys({
    store,
    roots: [root],
    ...(how.receiptKey && { receiptKey: await how.receiptKey() }),
    ...(how.onEvent && { onEvent: how.onEvent }),
  });
  return {
    keys,
    store,
    root,
    id: (name) => ({ scope: options.scope ?? '', name }),
    list: () => store.list(options.scope),
    async [Symbol.asyncDispose]() {
      await keys.close();
      await closeRoot(root);
    },
  };
}

/** The directory of the keys. @throws CliError usage */
export function keyDirOf({ keyDir }: Pick<KeyStoreOptions, 'keyDir'>, { env }: Context): string {
  const path = keyDir || env.ENCRYPTION_KEY_PATH;
  if (path) return path;
  throw new CliError('usage', 'give the directory of the keys: --key-dir DIR, or ENCRYPTION_KEY_PATH');
}

/** Where in it the store is. */
export function storeDir(keyDir: string): string {
  return join(keyDir, 'keys');
}

/** Where in it the record is that a passphrase becomes a root with. */
export function recordFile(keyDir: string): string {
  return join(keyDir, 'root.json');
}

/** How the root of a key directory is opened. */
export async function rootRequest(
  keyDir: string,
  options: RootOptions,
  context: Context,
  mayCreate = false,
): Promise<RootRequest> {
  return {
    options,
    context,
    recordFile: recordFile(keyDir),
    // Not where keys are: their root would be another one, and its record is lost or elsewhere.
    mayCreate: mayCreate && !(await exists(recordFile(keyDir))) && !(await hasKeys(keyDir)),
    passphraseFlag: '--passphrase-file',
    passphraseVariable: 'ENCRYPTION_MASTER_PASSWORD',
  };
}

/** Gives a root's connections back, where it has any. */
export async function closeRoot(root: RootProvider & { close?(): Promise<void> }): Promise<void> {
  await root.close?.();
}

async function hasKeys(keyDir: string): Promise<boolean> {
  const files = await readdir(join(storeDir(keyDir), 'metadata')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files.some((file) => !file.startsWith('.'));
}
