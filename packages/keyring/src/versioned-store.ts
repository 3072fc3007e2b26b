import type { KeyDocument, KeyId, KeyUses } from './key-document.ts';

/** The material of a version as one root wrapped it. */
export interface WrappedKey {
  readonly rootId: string;
  /** base64url. */
  readonly wrapped: string;
}

/** A key as the store has it. What it says is not to be believed before it was verified. */
export interface StoredKey {
  readonly document: KeyDocument;
  /** By version: one entry for each root that can unwrap it. Destroyed versions have none. */
  readonly material: ReadonlyMap<number, readonly WrappedKey[]>;
  readonly uses: ReadonlyMap<number, KeyUses>;
}

/** A change to one key, made whole or not at all. */
export interface KeyChange {
  /** Of the revision after the one it was made from; revision 1 makes the key. */
  readonly document: KeyDocument;
  /** Versions whose wrapping is new. */
  readonly material: ReadonlyMap<number, readonly WrappedKey[]>;
  /** Of new versions only. */
  readonly uses: ReadonlyMap<number, KeyUses>;
}

/**
 * Keeps keys. It holds no secrets of its own: what it keeps is wrapped, and all of it is authenticated by the keys
 * themselves. All calls may come from several processes at once.
 */
export interface VersionedKeyStore {
  /** Names of all keys, of one scope or of all; sorted by scope, then name. */
  list(scope?: string): Promise<KeyId[]>;
  /** One key as of one moment; undefined where there is none. */
  read(id: KeyId): Promise<StoredKey | undefined>;
  /**
   * Makes a change if the stored revision is the one before the document's; false where it is not, and nothing was
   * changed. The material of versions that are destroyed in the document is erased with it, as far as storage allows.
   */
  commit(change: KeyChange): Promise<boolean>;
  /** The uses of one version; undefined where there is none. */
  readUses(id: KeyId, version: number): Promise<KeyUses | undefined>;
  /** Replaces the uses of a version if they still are `before`; false where they are not. Durable once true. */
  swapUses(id: KeyId, version: number, before: KeyUses, after: KeyUses): Promise<boolean>;
}
