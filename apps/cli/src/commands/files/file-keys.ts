import { encodeBase64Url } from '@bulwark/crypto';
import { type FileKeys, keyringFileKeys } from '@bulwark/files';
import { type Access, KeyringError } from '@bulwark/keyring';
import type { OpenedKeys } from '../keys/key-store.ts';

/**
 * The keys of a store, as files are sealed and opened with. A file names its key by id, and the store says which name
 * goes with it; so only that key is unwrapped. That the store may lie does no harm: the key itself has to have the id.
 */
export function storedFileKeys({ keys, store, id }: OpenedKeys, access: Access = {}): FileKeys {
  const { scope } = id('');
  let names: Promise<ReadonlyMap<string, string>> | undefined;

  async function namesByKid(): Promise<ReadonlyMap<string, string>> {
    const byKid = new Map<string, string>();
    for (const key of await store.list(scope)) {
      const stored = await store.read(key);
      for (const { kid } of stored?.document.versions ?? []) byKid.set(kid, key.name);
    }
    return byKid;
  }

  return {
    sealing: (name) => keyringFileKeys(keys, scope, []).sealing(name),
    async opening(kid) {
      names ??= namesByKid();
      const name = (await names).get(encodeBase64Url(kid));
      if (name === undefined) return undefined;
      try {
        return await keyringFileKeys(keys, scope, [name], access).opening(kid);
      } catch (error) {
        if (!(error instanceof KeyringError && error.code === 'ERR_KEY_COMPROMISED')) throw error;
        throw new KeyringError(error.code, `${error.message}; --allow-compromised opens it`, { cause: error });
      }
    },
  };
}
