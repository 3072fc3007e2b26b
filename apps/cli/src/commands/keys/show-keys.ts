import type { KeyId } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { type OpenedKeys, openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { keyLine, keyText, nameOf } from './key-text.ts';

/** `bulwark keys list` */
export async function listKeys(options: KeyStoreOptions, context: Context): Promise<Outcome> {
  await using opened = await openKeyStore(options, context);
  return await forEachKey(await opened.list(), context, (id) => listKey(opened, id, context));
}

/** `bulwark keys show NAME` */
export async function showKey(options: KeyStoreOptions, context: Context, name: string): Promise<Outcome> {
  await using opened = await openKeyStore(options, context);
  const key = await opened.keys.describe(opened.id(name));
  context.output.say({ event: 'key', ...key }, keyText(key));
  return 'ok';
}

/**
 * Does something to each of many keys. One that fails is told, and does not keep the others from it; a key that was
 * destroyed is passed over, since nothing is left of it.
 */
export async function forEachKey(
  ids: readonly KeyId[],
  { output }: Context,
  work: (id: KeyId) => Promise<void>,
): Promise<Outcome> {
  let outcome: Outcome = 'ok';
  for (const id of ids) {
    try {
      await work(id);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: string };
      if (code === 'ERR_KEY_DESTROYED') continue;
      output.complain({ event: 'key-failed', ...id, code, message }, `${nameOf(id)}: ${message}`);
      outcome = 'failed';
    }
  }
  return outcome;
}

async function listKey({ keys }: OpenedKeys, id: KeyId, { output }: Context): Promise<void> {
  try {
    const key = await keys.describe(id);
    output.say({ event: 'key', ...key }, keyLine(key));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_KEY_DESTROYED') throw error;
    output.say({ event: 'key', ...id, isDestroyed: true }, `${nameOf(id).padEnd(24)}  destroyed; the name stays taken`);
  }
}
