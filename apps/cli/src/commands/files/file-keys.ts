import { encodeBase64Url } from '@bulwark/crypto';
import { type FileKeys, keyringFileKeys } from '@bulwark/files';
import { type KeyId, KeyringError } from '@bulwark/keyring';
import type { OpenedKeys } from '../keys/key-store.ts';

/** A version of a key, as the store says. */
export type StoredVersion = KeyId & { readonly version: number };

/**
 * The keys of a store, as files are sealed and opened with. A file names its key by id, and the store says which name
 * goes with it; so only that key is unwrapped. That the store may lie does no harm: the key itself has to have the id.
 *
 * @param onCompromised Has compromised versions open as well, and is told of each, once; without it they do not open.
 */
export function storedFileKeys(
  { keys, store, id }: OpenedKeys,
  onCompromised?: (version: StoredVersion) => void,
): FileKeys {
  const { scope } = id('');
  const told = new Set<StoredVersion>();
  let versions: Promise<ReadonlyMap<string, StoredVersion>> | undefined;

  async function versionsByKid(): Promise<ReadonlyMap<string, StoredVersion>> {
    const byKid = new Map<string, StoredVersion>();
    for (const key of await store.list(scope)) {
      const stored = await store.read(key);
      for (const { kid, version } of stored?.document.versions ?? []) byKid.set(kid, { ...key, version });
    }
    return byKid;
  }

  return {
    sealing: (name) => keyringFileKeys(keys, scope, []).sealing(name),
    async opening(kid) {
      versions ??= versionsByKid();
      const found = (await versions).get(encodeBase64Url(kid));
      if (found === undefined) return undefined;
      try {
        return await keyringFileKeys(keys, scope, [found.name]).opening(kid);
      } catch (error) {
        if (!(error instanceof KeyringError && error.code === 'ERR_KEY_COMPROMISED')) throw error;
        if (!onCompromised) {
          throw new KeyringError(error.code, `${error.message}; --allow-compromised opens it`, { cause: error });
        }
        const key = await keyringFileKeys(keys, scope, [found.name], { allowCompromised: true }).opening(kid);
        if (!told.has(found)) onCompromised(found);
        told.add(found);
        return key;
      }
    },
  };
}
