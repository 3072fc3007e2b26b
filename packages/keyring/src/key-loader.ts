import { CryptoError } from '@bulwark/crypto';
import { UnsafeFileError } from '@bulwark/private-files';
import { KeyringError } from './errors.ts';
import { areGenuineUses, isGenuineDocument, type KeyDocument, type KeyId, signingVersion } from './key-document.ts';
import { eraseMaterial, type KeyMaterial } from './key-material.ts';
import { stateAt } from './key-state.ts';
import { unwrapFromAny } from './recipients.ts';
import type { RootProvider } from './root.ts';
import { joinId } from './stores/store-rules.ts';
import type { StoredKey, VersionedKeyStore } from './versioned-store.ts';

/** A key whose document and uses are verified and whose material is unwrapped. Erase it with `eraseMaterial`. */
export interface LoadedKey {
  readonly document: KeyDocument;
  readonly stored: StoredKey;
  /** By version number; those that were asked for. */
  readonly material: ReadonlyMap<number, KeyMaterial>;
}

/**
 * Which versions are wanted. `usable`: those that may seal or open without being asked twice; `compromised`: those and
 * compromised ones; `all`: whatever is not destroyed, for a change to the key.
 */
export type Wanted = 'usable' | 'compromised' | 'all';

/** Loads keys from a store and remembers how far each had come, so that an older copy put back is noticed. */
export interface KeyLoader {
  /**
   * @throws KeyringError ERR_KEY_NOT_FOUND, ERR_KEY_DESTROYED, ERR_KEY_ALTERED, ERR_KEY_UNAVAILABLE, ERR_ROOT_KEY_WRONG
   */
  load(id: KeyId, wanted: Wanted): Promise<LoadedKey>;
  /** Those that unwrap: the present ones and the former. */
  readonly roots: readonly RootProvider[];
}

/** @param store Its faults become ERR_KEY_UNAVAILABLE: wrap it with `guardStore`. */
export function createKeyLoader(
  store: VersionedKeyStore,
  roots: readonly RootProvider[],
  now: () => number,
): KeyLoader {
  /** The last document of each key that was seen here. */
  const seen = new Map<string, { revision: number; mac: string }>();

  function requireNotOlder(document: KeyDocument): void {
    const last = seen.get(joinId(document));
    const isOlder = last && last.revision > document.revision;
    const isFork = last && last.revision === document.revision && last.mac !== document.mac;
    if (isOlder || isFork) throw altered(document, 'an older or other copy of it was put back');
    seen.set(joinId(document), { revision: document.revision, mac: document.mac });
  }

  return {
    roots,
    async load(id, wanted) {
      const stored = await store.read(id);
      if (!stored) throw new KeyringError('ERR_KEY_NOT_FOUND', `there is no key ${nameOf(id)}`);
      const { document } = stored;
      if (document.scope !== id.scope || document.name !== id.name)
        throw altered(id, 'it is the record of another key');
      const signing = signingVersion(document);
      if (!signing) throw new KeyringError('ERR_KEY_DESTROYED', `key ${nameOf(id)} was destroyed`);

      const material = new Map<number, KeyMaterial>();
      try {
        const versions = document.versions.filter((v) => v === signing || isWanted(v, document, wanted, now()));
        const results = await Promise.allSettled(
          versions.map(async (version) => {
            const wrapped = stored.material.get(version.version);
            if (!wrapped) throw altered(id, `the material of version ${version.version} is missing`);
            material.set(version.version, await unwrapFromAny(roots, document, version, wrapped));
          }),
        );
        const failed = results.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;

        if (!isGenuineDocument(document, material.get(signing.version)!.macKey)) {
          throw altered(id, 'its metadata is not what was stored');
        }
        for (const [version, { macKey }] of material) {
          const uses = stored.uses.get(version);
          if (!uses || !areGenuineUses(id, version, uses, macKey))
            throw altered(id, 'its uses are not what was stored');
        }
        requireNotOlder(document);
        return { document, stored, material };
      } catch (error) {
        eraseMaterial(material.values());
        if (error instanceof CryptoError || error instanceof TypeError) throw altered(id, 'it is malformed', error);
        throw error;
      }
    },
  };
}

/** A store whose faults of whatever kind say what they mean here: the keys cannot be had now, and nothing is lost. */
export function guardStore(store: VersionedKeyStore): VersionedKeyStore {
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof KeyringError) throw cause;
      // Which file it is and how to mend it has to be in the message: that alone is what reports and logs repeat.
      const why = cause instanceof UnsafeFileError ? `: ${cause.message}` : '';
      throw new KeyringError('ERR_KEY_UNAVAILABLE', `the key store does not answer${why}`, { cause });
    }
  }
  return {
    list: (scope) => guarded(() => store.list(scope)),
    read: (id) => guarded(() => store.read(id)),
    commit: (change) => guarded(() => store.commit(change)),
    readUses: (id, version) => guarded(() => store.readUses(id, version)),
    swapUses: (id, version, before, after) => guarded(() => store.swapUses(id, version, before, after)),
  };
}

/** A key's name for messages. */
export function nameOf({ scope, name }: KeyId): string {
  return scope === '' ? name : `${scope}/${name}`;
}

/** The store's content is not what was put there. */
export function altered(id: KeyId, what: string, cause?: unknown): KeyringError {
  return new KeyringError('ERR_KEY_ALTERED', `key ${nameOf(id)}: ${what}`, { cause });
}

function isWanted(version: KeyDocument['versions'][number], document: KeyDocument, wanted: Wanted, now: number) {
  const state = stateAt(version, now);
  if (state === 'destroyed') return false;
  if (wanted === 'all') return true;
  if (version.version < document.minDecryptVersion) return false;
  // Pre-active ones are unwrapped as well: they become active while they are held.
  return state !== 'compromised' || wanted === 'compromised';
}
