import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyId, openKeys, type RootProvider } from '@bulwark/keyring';
import { readPrivateFile, writePrivateFile } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import type { Outcome } from '../../exit-codes.ts';
import { closeRoot, keyDirOf, type OpenedKeys, openKeyStore, recordFile } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';
import { openRoot } from './open-root.ts';
import { type NewRootOptions, newRootOf, type RootOptions } from './root-options.ts';
import { forEachKey } from './show-keys.ts';

interface Options extends KeyStoreOptions, NewRootOptions {
  readonly repair?: boolean;
}

/**
 * `bulwark keys rewrap`. Killed at any point, it is taken up by running it again.
 *
 * A new passphrase brings a new record, which cannot be put in the old one's place in the same step as the keys are
 * moved. So all keys are wrapped to both roots first, then the record is replaced, then the old root is dropped: whichever
 * record is in place, its passphrase opens every key.
 */
export async function rewrapKeys(options: Options, context: Context): Promise<Outcome> {
  const target = newRootOf(options);
  const keyDir = keyDirOf(options, context);
  await using opened = await openKeyStore(options, context);
  const newRecord = join(keyDir, 'root.next.json');
  const newRoot = await openNewRoot(target, newRecord, context);
  try {
    const ids = await opened.store.list();
    if (target.root === 'passphrase') {
      if ((await rewrapTo([opened.root, newRoot], ids, opened, options, context)) !== 'ok') {
        throw new CliError(
          'failed',
          'the root is still the old one, since not all keys could be wrapped to the new one',
        );
      }
      await writePrivateFile(recordFile(keyDir), await readPrivateFile(newRecord));
      await rm(newRecord);
    }
    const outcome = await rewrapTo([newRoot], ids, opened, options, context, true);
    const left = outcome === 'ok' ? '' : ' Those that failed still need the old one.';
    context.output.say(
      { event: 'rewrapped', root: newRoot.id },
      `The keys are wrapped by ${newRoot.id}.${left} Copies of the directory from before still open with the old root.`,
    );
    return outcome;
  } finally {
    await closeRoot(newRoot);
  }
}

async function openNewRoot(options: RootOptions, recordFile: string, context: Context): Promise<RootProvider> {
  const isInterrupted = await exists(recordFile);
  const opening = openRoot({
    options,
    context,
    recordFile,
    mayCreate: !isInterrupted,
    passphraseFlag: '--new-passphrase-file',
    passphraseVariable: 'ENCRYPTION_NEW_MASTER_PASSWORD',
  });
  return opening.catch((cause: unknown) => {
    const isOther = isInterrupted && (cause as { code?: unknown }).code === 'ERR_ROOT_KEY_WRONG';
    if (!isOther || options.root !== 'passphrase') throw cause;
    // Until that record is in place the old root opens every key, so it may go.
    const message = `a rewrap that was interrupted had another new passphrase; give that one, or remove ${recordFile}`;
    throw new CliError('configuration', message, { cause });
  });
}

async function rewrapTo(
  roots: readonly [RootProvider, ...RootProvider[]],
  ids: readonly KeyId[],
  { root, store }: OpenedKeys,
  { repair = false }: Pick<Options, 'repair'>,
  context: Context,
  isLast = false,
): Promise<Outcome> {
  const keys = openKeys({ store, roots, formerRoots: [root] });
  try {
    return await forEachKey(ids, context, async (id) => {
      await keys.rewrap(id, { repair });
      if (isLast) context.output.say({ event: 'key-rewrapped', ...id }, nameOf(id));
    });
  } finally {
    await keys.close();
  }
}
