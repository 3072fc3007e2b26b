import type { KeyId, KeyKind } from './key-document.ts';
import { reasonOf } from './key-event.ts';
import type { Keyring } from './keyring.ts';
import type { Keys } from './keys.ts';

/**
 * The keys of each tenant, made at first use: `Keyring` on `Keys`, so that they have versions, counted uses and
 * rotation. The ciphers are synchronous and stay good for as long as the keys are open, across rotations as well.
 */
export function tenantKeyring(keys: Keys): Keyring {
  async function ensure(scope: string, name: string, kind: KeyKind): Promise<KeyId> {
    const id = { scope, name };
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
