import {
  agreementPublicKey,
  blindIndex,
  type Cell,
  constantTimeEqual,
  deriveFieldKey,
  type FieldKey,
  generateAgreementKeyPair,
  generateKey,
  type Normaliser,
  openField,
  openWith,
  sealField,
  sealTo,
} from '@bulwark/crypto';
import { KeyringError } from './errors.ts';
import { type KeyPurpose, type KeyRecord, type KeyStore, wrapContext } from './record.ts';
import { isSameRoot, type RootProvider } from './root.ts';

/** A column of a row; the keyring adds the tenant. */
export type TenantCell = Omit<Cell, 'scope'>;

/** Seals and opens the cells of one tenant. Synchronous, since its keys are unwrapped when it is made. */
export interface FieldCipher {
  seal(cell: TenantCell, plaintext: Uint8Array | string): Buffer;
  /** @throws CryptoError: altered, moved, or sealed under a key that is not ours */
  open(cell: TenantCell, sealed: Uint8Array): Buffer;
  openText(cell: TenantCell, sealed: Uint8Array): string;
}

/** Turns a value into what equality search compares; the same value gives the same 16 bytes within one tenant. */
export interface IndexKey {
  index(column: { table: string; column: string; normaliser: Normaliser }, value: string): Buffer;
}

/** A tenant's key pair for telemetry. Sealing needs the public half alone, so that ingest cannot read what it stored. */
export interface Vault {
  seal(plaintext: Uint8Array, context: Uint8Array): Buffer;
  /** @throws CryptoError: altered, or another context */
  open(sealed: Uint8Array, context: Uint8Array): Buffer;
}

export interface Keyring {
  fields(tenantId: string): Promise<FieldCipher>;
  index(tenantId: string): Promise<IndexKey>;
  vault(tenantId: string): Promise<Vault>;
  /** 32 bytes, from which the server's ingest key is derived together with the configured one. */
  ingestSecret(tenantId: string): Promise<Buffer>;
}

/**
 * Keys of each tenant, made at first use, kept wrapped by the root.
 *
 * @throws KeyringError ERR_ROOT_KEY_WRONG from any call, when the store was made with another root key
 */
export function openKeyring({ root, store, now }: { root: RootProvider; store: KeyStore; now: () => number }): Keyring {
  /** Versions of one key with their key material, oldest first; at least one. */
  async function load(tenantId: string, purpose: KeyPurpose): Promise<UnwrappedKey[]> {
    let records = await store.list(tenantId, purpose);
    if (records.length === 0) {
      // Another process may be first: then its key is the one, and ours is forgotten.
      await store.add(await createRecord(tenantId, purpose));
      records = await store.list(tenantId, purpose);
    }
    return Promise.all(records.map(async (record) => ({ record, key: await unwrap(record) })));
  }

  async function createRecord(tenantId: string, purpose: KeyPurpose): Promise<KeyRecord> {
    const pair = purpose === 'vault' ? generateAgreementKeyPair() : undefined;
    const identity = { tenantId, purpose, version: 1, publicKey: pair?.publicKey ?? null };
    const wrapped = await root.wrap(pair?.privateKey ?? generateKey(), wrapContext(identity));
    return { ...identity, state: 'active', createdAt: now(), rootId: root.id, wrapped };
  }

  async function unwrap(record: KeyRecord): Promise<Buffer> {
    if (!isSameRoot(record.rootId, root.id)) {
      throw new KeyringError('ERR_ROOT_KEY_WRONG', 'the keys in this store were wrapped by another root key');
    }
    return root.unwrap(record.wrapped, wrapContext(record));
  }

  return {
    async fields(tenantId) {
      const keys = (await load(tenantId, 'fields')).map(({ record, key }) => ({ record, key: deriveFieldKey(key) }));
      return fieldCipher(
        tenantId,
        newestActive(keys).key,
        keys.map(({ key }) => key),
      );
    },
    async index(tenantId) {
      const { key } = newestActive(await load(tenantId, 'index'));
      return {
        index: ({ table, column, normaliser }, value) =>
          blindIndex(key, { table, column, name: 'equality', normaliser }, value),
      };
    },
    async vault(tenantId) {
      const { record, key } = newestActive(await load(tenantId, 'vault'));
      const publicKey = agreementPublicKey(key);
      if (!constantTimeEqual(publicKey, record.publicKey ?? Buffer.alloc(0))) {
        throw new KeyringError('ERR_ROOT_KEY_WRONG', "the vault's public half is not of its private half");
      }
      const info = Buffer.from('bw1/vault');
      return {
        seal: (plaintext, context) => sealTo(publicKey, plaintext, info, context),
        open: (sealed, context) => openWith(key, sealed, info, context),
      };
    },
    async ingestSecret(tenantId) {
      return newestActive(await load(tenantId, 'ingest')).key;
    },
  };
}

interface UnwrappedKey {
  record: KeyRecord;
  key: Buffer;
}

function newestActive<T extends { record: KeyRecord }>(versions: T[]): T {
  const active = versions.findLast(({ record }) => record.state === 'active');
  if (!active) throw new KeyringError('ERR_KEY_NOT_FOUND', 'the key has no active version: create or activate one');
  return active;
}

function fieldCipher(scope: string, sealing: FieldKey, all: readonly FieldKey[]): FieldCipher {
  const byKid = (kid: Uint8Array) => all.find((key) => constantTimeEqual(key.kid, kid));
  const open = (cell: TenantCell, sealed: Uint8Array) => openField(byKid, { ...cell, scope }, sealed);
  return {
    seal: (cell, plaintext) => sealField(sealing, { ...cell, scope }, Buffer.from(plaintext)),
    open,
    openText: (cell, sealed) => open(cell, sealed).toString('utf8'),
  };
}
