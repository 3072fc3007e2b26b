import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openKeys, type RootProvider } from '@bulwark/keyring';
import { readPrivateFile, writePrivateFile } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import type { Outcome } from '../../exit-codes.ts';
import { closeRoot, keyDirOf, type OpenedKeys, openKeyStore, recordFile } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';
import { openRoot, type RootRequest } from './open-root.ts';
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
 * record is in place, its passphrase opens every key. The new record stays where it was made until all that is done, and
 * so tells the next run that it is not.
 */
export async function rewrapKeys(options: Options, context: Context): Promise<Outcome> {
  const target = newRootOf(options);
  const keyDir = keyDirOf(options, context);
  const [record, newRecord] = [recordFile(keyDir), join(keyDir, 'root.next.json')];
  const hasRecord = target.root === 'passphrase';
  if (hasRecord && (await isSame(record, newRecord))) {
    // Taken up where the old root is needed no more, and its passphrase may open nothing.
    const root = () => openRoot(newRootRequest(target, record, context));
    await using opened = await openKeyStore(options, context, { root });
    return await moveTo(opened.root, opened, options, context, newRecord);
  }

  await using opened = await openKeyStore(options, context);
  const newRoot = await openNewRoot(target, newRecord, context);
  try {
    if (!hasRecord) return await moveTo(newRoot, opened, options, context);
    if ((await rewrapTo([opened.root, newRoot], opened, options, context)) !== 'ok') {
      throw new CliError('failed', 'the root is still the old one, since not all keys could be wrapped to the new one');
    }
    await writePrivateFile(record, await readPrivateFile(newRecord));
    return await moveTo(newRoot, opened, options, context, newRecord);
  } finally {
    await closeRoot(newRoot);
  }
}

/** The last step: from here on only the new root opens. @param newRecord Removed once it is done. */
async function moveTo(
  newRoot: RootProvider,
  opened: OpenedKeys,
  options: Options,
  context: Context,
  newRecord?: string,
): Promise<Outcome> {
  const outcome = await rewrapTo([newRoot], opened, options, context, true);
  if (newRecord !== undefined && outcome === 'ok') await rm(newRecord);
  const left = outcome === 'ok' ? '' : ' Those that failed still need the old one.';
  context.output.say(
    { event: 'rewrapped', root: newRoot.id },
    `The keys are wrapped by ${newRoot.id}.${left} Copies of the directory from before still open with the old root.`,
  );
  return outcome;
}

async function openNewRoot(options: RootOptions, newRecord: string, context: Context): Promise<RootProvider> {
  const isInterrupted = await exists(newRecord);
  const request = { ...newRootRequest(options, newRecord, context), mayCreate: !isInterrupted };
  return openRoot(request).catch((cause: unknown) => {
    const isOther = isInterrupted && (cause as { code?: unknown }).code === 'ERR_ROOT_KEY_WRONG';
    if (!isOther || options.root !== 'passphrase') throw cause;
    // Until that record is in place the old root opens every key, so it may go.
    const message = `a rewrap that was interrupted had another new passphrase; give that one, or remove ${newRecord}`;
    throw new CliError('configuration', message, { cause });
  });
}

function newRootRequest(options: RootOptions, recordFile: string, context: Context): RootRequest {
  return {
    options,
    context,
    recordFile,
    mayCreate: false,
    passphraseFlag: '--new-passphrase-file',
    passphraseVariable: 'ENCRYPTION_NEW_MASTER_PASSWORD',
  };
}

/** Whether both files are there, with the same in them. */
async function isSame(file: string, other: string): Promise<boolean> {
  if (!(await exists(file)) || !(await exists(other))) return false;
  const [a, b] = await Promise.all([readPrivateFile(file), readPrivateFile(other)]);
  return a.equals(b);
}

async function rewrapTo(
  roots: readonly [RootProvider, ...RootProvider[]],
  { root, store }: OpenedKeys,
  { repair = false }: Pick<Options, 'repair'>,
  context: Context,
  isLast = false,
): Promise<Outcome> {
  const keys = openKeys({ store, roots, formerRoots: [root] });
  try {
    return await forEachKey(await store.list(), context, async (id) => {
      await keys.rewrap(id, { repair });
      if (isLast) context.output.say({ event: 'key-rewrapped', ...id }, nameOf(id));
    });
  } finally {
    await keys.close();
  }
}
