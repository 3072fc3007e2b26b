import type { Cell, Normaliser } from '@bulwark/crypto';
import { ensureKey } from './ensure-key.ts';
import type { KeyId, KeyKind } from './key-document.ts';
import type { Keys } from './keys.ts';

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

/** What a server with tenants seals with. */
export interface Keyring {
  fields(tenantId: string): Promise<FieldCipher>;
  index(tenantId: string): Promise<IndexKey>;
  vault(tenantId: string): Promise<Vault>;
  /** 32 bytes, from which the server's ingest key is derived together with the configured one. */
  ingestSecret(tenantId: string): Promise<Buffer>;
}

/**
 * The keys of each tenant, made at first use: `Keyring` on `Keys`, so that they have versions, counted uses and
 * rotation. The ciphers are synchronous and stay good for as long as the keys are open, across rotations as well.
 */
export function tenantKeyring(keys: Keys): Keyring {
  async function ensure(scope: string, name: string, kind: KeyKind): Promise<KeyId> {
    const id = { scope, name };
    await ensureKey(keys, id, kind);
    return id;
  }

  return {
    async fields(tenantId) {
      const id = await ensure(tenantId, 'fields', 'data');
      return {
        seal: (cell, plaintext) => keys.sealFieldSync(id, cell, plaintext),
        open: (cell, sealed) => keys.openFieldSync(id, cell, sealed),
        openText: (cell, sealed) => keys.openFieldSync(id, cell, sealed).toString('utf8'),
      };
    },
    async index(tenantId) {
      const id = await ensure(tenantId, 'index', 'index');
      return { index: (column, value) => keys.blindIndexSync(id, { ...column, name: 'equality' }, value) };
    },
    async vault(tenantId) {
      const id = await ensure(tenantId, 'vault', 'vault');
      return {
        seal: (plaintext, context) => keys.sealToVaultSync(id, plaintext, context),
        open: (sealed, context) => keys.openFromVaultSync(id, sealed, context),
      };
    },
    async ingestSecret(tenantId) {
      return keys.deriveSecret(await ensure(tenantId, 'ingest', 'secret'), 'ingest');
    },
  };
}
