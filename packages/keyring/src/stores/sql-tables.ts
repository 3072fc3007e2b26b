import type { ColumnDefinitionBuilder, Kysely } from 'kysely';

/** The tables of `sqlStore`. Add it to the type of your database: `Kysely<MyTables & KeyringTables>`. */
export interface KeyringTables {
  keyring_key: {
    scope: string;
    name: string;
    kind: string;
    revision: number;
    /** JSON. */
    policy: string;
    min_decrypt_version: number;
    min_encrypt_version: number;
    created_at: number;
    changed_at: number;
    deleted_at: number | null;
    mac: string;
  };
  keyring_version: {
    scope: string;
    name: string;
    version: number;
    kid: string;
    state: string;
    suite: string | null;
    created_at: number;
    activates_at: number | null;
    expires_at: number | null;
    public_key: string | null;
    reserved: number;
    returned: number;
    last_used_at: number | null;
    uses_mac: string;
  };
  /** Apart from the rest, so that rights and backups can treat key material by its own rules. */
  keyring_material: {
    scope: string;
    name: string;
    version: number;
    /** JSON: the key as each root wrapped it. */
    wrapped: string;
  };
}

const notNull = (column: ColumnDefinitionBuilder) => column.notNull();

/** Creates the tables of `sqlStore`, unless they are there. Released columns do not change, so migrations may call it. */
export async function createKeyringTables<DB>(db: Kysely<DB>): Promise<void> {
  await db.schema
    .createTable('keyring_key')
    .ifNotExists()
    .addColumn('scope', 'text', notNull)
    .addColumn('name', 'text', notNull)
    .addColumn('kind', 'text', notNull)
    .addColumn('revision', 'bigint', notNull)
    .addColumn('policy', 'text', notNull)
    .addColumn('min_decrypt_version', 'integer', notNull)
    .addColumn('min_encrypt_version', 'integer', notNull)
    .addColumn('created_at', 'bigint', notNull)
    .addColumn('changed_at', 'bigint', notNull)
    .addColumn('deleted_at', 'bigint')
    .addColumn('mac', 'text', notNull)
    .addPrimaryKeyConstraint('keyring_key_pk', ['scope', 'name'])
    .execute();

  await db.schema
    .createTable('keyring_version')
    .ifNotExists()
    .addColumn('scope', 'text', notNull)
    .addColumn('name', 'text', notNull)
    .addColumn('version', 'integer', notNull)
    .addColumn('kid', 'text', notNull)
    .addColumn('state', 'text', notNull)
    .addColumn('suite', 'text')
    .addColumn('created_at', 'bigint', notNull)
    .addColumn('activates_at', 'bigint')
    .addColumn('expires_at', 'bigint')
    .addColumn('public_key', 'text')
    .addColumn('reserved', 'bigint', notNull)
    .addColumn('returned', 'bigint', notNull)
    .addColumn('last_used_at', 'bigint')
    .addColumn('uses_mac', 'text', notNull)
    .addPrimaryKeyConstraint('keyring_version_pk', ['scope', 'name', 'version'])
    .execute();

  await db.schema
    .createTable('keyring_material')
    .ifNotExists()
    .addColumn('scope', 'text', notNull)
    .addColumn('name', 'text', notNull)
    .addColumn('version', 'integer', notNull)
    .addColumn('wrapped', 'text', notNull)
    .addPrimaryKeyConstraint('keyring_material_pk', ['scope', 'name', 'version'])
    .execute();
}
