import type { KeyId, KeyKind } from './key-document.ts';
import { reasonOf } from './key-event.ts';
import type { Keys } from './keys.ts';

/** Gets a key at hand for the synchronous forms, and makes it at its first use. @throws KeyringError as loading does */
export async function ensureKey(keys: Keys, id: KeyId, kind: KeyKind): Promise<void> {
  try {
    await keys.warm([id]);
  } catch (error) {
    if (reasonOf(error) !== 'ERR_KEY_NOT_FOUND') throw error;
    await keys.create(id, { kind }).catch((failure: unknown) => {
      // Another process was first: then its key is the one.
      if (reasonOf(failure) !== 'ERR_KEY_EXISTS') throw failure;
    });
    await keys.refresh(id);
    await keys.warm([id]);
  }
}
