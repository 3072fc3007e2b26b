import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  type BlindIndex,
  blindIndex,
  CryptoError,
  decodeBase64Url,
  encodeBase64Url,
  hkdfExpand,
  openWith,
  pae,
  sealTo,
} from '@bulwark/crypto';
import type { Access, KeyAccess, OpeningWork, SealingWork } from './key-access.ts';
import type { KeyId } from './key-document.ts';
import { type EmitKeyEvent, reasonOf } from './key-event.ts';
import { stateAt } from './key-state.ts';
import { openingVersion, requireKind, type UsableKey, type UsableVersion } from './usable-key.ts';

/** A key for one message or file, and which version it is of. */
export interface MessageKey {
  /** 18 bytes, to be stored with the message. */
  readonly kid: Buffer;
  /** For `sealMessage`, `openMessage` and the streams of `@bulwark/crypto`. */
  readonly key: KeyObject;
}

/** A blind index under one version of its key. */
export interface VersionedIndex {
  readonly version: number;
  readonly state: 'pre-active' | 'active' | 'deactivated';
  readonly index: Buffer;
}

/** What keys of the other kinds are for, and messages. Errors are those of `FieldOperations`. */
export interface OtherOperations {
  /** What equality search compares, under the newest version of an index key; 16 bytes unless `column` says otherwise. */
  blindIndex(id: KeyId, column: BlindIndex, value: string): Promise<Buffer>;
  /** The same under each version that is not given up, newest first: for `WHERE … IN` while an index key is rotated. */
  blindIndexes(id: KeyId, column: BlindIndex, value: string): Promise<Buffer[]>;
  blindIndexSync(id: KeyId, column: BlindIndex, value: string): Buffer;
  /**
   * The same under each version that is not given up, oldest first, one that is not active yet included: for columns
   * that are kept under two versions while an index key is rotated.
   */
  blindIndexVersionsSync(id: KeyId, column: BlindIndex, value: string): VersionedIndex[];
  /** @returns kid (18) ‖ enc (32) ‖ ciphertext ‖ tag (16), HPKE to the vault's public half. */
  sealToVault(id: KeyId, plaintext: Uint8Array, context: Uint8Array): Promise<Buffer>;
  openFromVault(id: KeyId, sealed: Uint8Array, context: Uint8Array, access?: Access): Promise<Buffer>;
  sealToVaultSync(id: KeyId, plaintext: Uint8Array, context: Uint8Array): Buffer;
  openFromVaultSync(id: KeyId, sealed: Uint8Array, context: Uint8Array, access?: Access): Buffer;
  /** A key derived from a secret, for one named use; the secret itself stays here. @param length Bytes, 32 by default. */
  deriveSecret(id: KeyId, use: string, length?: number): Promise<Buffer>;
  /** The key for a new message or file, from a data key; counts as one use. */
  messageKey(id: KeyId): Promise<MessageKey>;
  /** The key of a message that was sealed before. @param kid As stored with it. */
  messageKeyOf(id: KeyId, kid: Uint8Array, access?: Access): Promise<MessageKey>;
}

const KID_BYTES = 18;
const VAULT_INFO = Buffer.from('bw1/vault');

/** Indexes, vaults, secrets and messages on an access to keys. */
export function otherOperations(access: KeyAccess, emit: EmitKeyEvent, now: () => number): OtherOperations {
  const indexing = (id: KeyId, column: BlindIndex, value: string): SealingWork<Buffer> => ({
    uses: 1,
    bytes: value.length,
    run({ version, material }, key) {
      requireKind(key, 'index');
      emit('sealed', id, { version: version.version, purpose: `${column.table}.${column.column}` });
      return blindIndex(material.indexKey!, column, value);
    },
  });

  const sealingToVault = (id: KeyId, plaintext: Uint8Array, context: Uint8Array): SealingWork<Buffer> => ({
    uses: 1,
    bytes: plaintext.length,
    run({ version }, key) {
      requireKind(key, 'vault');
      const publicKey = decodeBase64Url(version.publicKey!);
      emit('sealed', id, { version: version.version, purpose: 'vault' });
      return Buffer.concat([decodeBase64Url(version.kid), sealTo(publicKey, plaintext, VAULT_INFO, context)]);
    },
  });

  function openingFromVault(id: KeyId, sealed: Uint8Array, context: Uint8Array, allowed: Access): OpeningWork<Buffer> {
    const kid = encodeBase64Url(sealed.subarray(0, KID_BYTES));
    return {
      ...allowed,
      kids: [kid],
      bytes: sealed.length,
      run(key) {
        requireKind(key, 'vault');
        try {
          const { version, material } = versionFor(id, key, kid);
          const plaintext = openWith(material.secret, sealed.subarray(KID_BYTES), VAULT_INFO, context);
          emit('opened', id, { version: version.version, purpose: 'vault' });
          return plaintext;
        } catch (error) {
          emit('open-failed', id, { purpose: 'vault', reason: reasonOf(error) });
          throw error;
        }
      },
    };
  }

  function versionFor(id: KeyId, key: UsableKey, kid: string): UsableVersion {
    const found = requireKnown(openingVersion(key, kid, now()));
    if (found.version.state === 'compromised') emit('opened-compromised', id, { version: found.version.version });
    return found;
  }

  return {
    blindIndex: (id, column, value) => access.sealing(id, indexing(id, column, value)),
    blindIndexSync: (id, column, value) => access.sealingSync(id, indexing(id, column, value)),
    blindIndexes: (id, column, value) =>
      access.opening(id, {
        kids: [],
        bytes: value.length,
        run(key) {
          requireKind(key, 'index');
          const usable = [...key.byKid.values()].filter(({ version }) => version.state !== 'pre-active').reverse();
          return usable.map(({ material }) => blindIndex(material.indexKey!, column, value));
        },
      }),

    blindIndexVersionsSync: (id, column, value) =>
      access.openingSync(id, {
        kids: [],
        bytes: value.length,
        run(key) {
          requireKind(key, 'index');
          const at = Math.max(now(), key.notBefore);
          return [...key.byKid.values()].flatMap(({ version, material }): VersionedIndex[] => {
            const state = stateAt(version, at);
            if (state === 'compromised' || state === 'destroyed') return [];
            if (version.version < key.loaded.document.minDecryptVersion) return [];
            return [{ version: version.version, state, index: blindIndex(material.indexKey!, column, value) }];
          });
        },
      }),

    sealToVault: (id, plaintext, context) => access.sealing(id, sealingToVault(id, plaintext, context)),
    sealToVaultSync: (id, plaintext, context) => access.sealingSync(id, sealingToVault(id, plaintext, context)),
    openFromVault: (id, sealed, context, allowed = {}) =>
      access.opening(id, openingFromVault(id, sealed, context, allowed)),
    openFromVaultSync: (id, sealed, context, allowed = {}) =>
      access.openingSync(id, openingFromVault(id, sealed, context, allowed)),

    deriveSecret: (id, use, length = 32) =>
      access.sealing(id, {
        uses: 1,
        bytes: 0,
        run({ version, material }, key) {
          requireKind(key, 'secret');
          emit('sealed', id, { version: version.version, purpose: use });
          return hkdfExpand('sha512', material.secret, pae('bw1/secret', use), length);
        },
      }),

    messageKey: (id) =>
      access.sealing(id, {
        uses: 1,
        bytes: 0,
        run(version, key) {
          requireKind(key, 'data');
          emit('sealed', id, { version: version.version.version, purpose: 'message' });
          return messageKeyFrom(version);
        },
      }),
    messageKeyOf: (id, kid, allowed = {}) =>
      access.opening(id, {
        kids: [encodeBase64Url(kid)],
        bytes: 0,
        ...allowed,
        run(key) {
          requireKind(key, 'data');
          const version = versionFor(id, key, encodeBase64Url(kid));
          emit('opened', id, { version: version.version.version, purpose: 'message' });
          return messageKeyFrom(version);
        },
      }),
  };
}

function messageKeyFrom({ version, material }: UsableVersion): MessageKey {
  const bytes = hkdfExpand('sha512', material.secret, Buffer.from('bw1/msg'), 32);
  try {
    return { kid: decodeBase64Url(version.kid), key: createSecretKey(bytes) };
  } finally {
    bytes.fill(0);
  }
}

function requireKnown(found: UsableVersion | undefined): UsableVersion {
  if (found) return found;
  throw new CryptoError('ERR_KEY_UNKNOWN', 'no key with the id that the sealed value names');
}
