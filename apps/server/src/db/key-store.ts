import type { KeyPurpose, KeyRecord, KeyState, KeyStore } from '@bulwark/keyring';
import type { Database } from './schema.ts';

/** Key records in the database, one row a version. */
export function sqlKeyStore(db: Database): KeyStore {
  return {
    async list(tenantId, purpose) {
      const rows = await db
        .selectFrom('key_record')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where('purpose', '=', purpose)
        .orderBy('version')
        .execute();
      return rows.map(
        (row): KeyRecord => ({
          tenantId: row.tenant_id,
          purpose: row.purpose as KeyPurpose,
          version: row.version,
          state: row.state as KeyState,
          createdAt: row.created_at,
          rootId: row.root_id,
          wrapped: row.wrapped,
          publicKey: row.public_key,
        }),
      );
    },
    async add({ tenantId, purpose, version, state, createdAt, rootId, wrapped, publicKey }) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('key_record')
        .values({
          tenant_id: tenantId,
          purpose,
          version,
          state,
          created_at: createdAt,
          root_id: rootId,
          wrapped: Buffer.from(wrapped),
          public_key: publicKey && Buffer.from(publicKey),
        })
        .onConflict((conflict) => conflict.columns(['tenant_id', 'purpose', 'version']).doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}
