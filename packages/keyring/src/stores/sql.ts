import type { FieldSuite } from '@bulwark/crypto';
import type { Kysely } from 'kysely';
import type { KeyDocument, KeyKind, KeyPolicy, KeyUses, KeyVersion } from '../key-document.ts';
import type { KeyState } from '../key-state.ts';
import type { KeyChange, StoredKey, VersionedKeyStore, WrappedKey } from '../versioned-store.ts';
import type { KeyringTables } from './sql-tables.ts';
import { compareIds, destroyedVersions } from './store-rules.ts';

export { createKeyringTables, type KeyringTables } from './sql-tables.ts';

// The driver of PostgreSQL gives int8 as text unless it was told otherwise.
type Integer = number | string;
const optionalNumber = (value: Integer | null): number | null => (value === null ? null : Number(value));

/**
 * Keeps keys in SQLite or PostgreSQL, for any number of processes; one row for each version. Make the tables with
 * `createKeyringTables`, best in a migration.
 *
 * SQLite needs one connection a process, since a second one would wait for a transaction of the first on the thread that
 * the first goes on with; a `busy_timeout` where several processes write; and `secure_delete`, so that erased rows are
 * overwritten. PostgreSQL keeps erased rows until VACUUM, and in its log; both keep them in backups.
 */
export function sqlStore<DB extends KeyringTables>(database: Kysely<DB>): VersionedKeyStore {
  const db = database as unknown as Kysely<KeyringTables>;
  return {
    async list(scope) {
      let query = db.selectFrom('keyring_key').select(['scope', 'name']);
      if (scope !== undefined) query = query.where('scope', '=', scope);
      // Sorted here: the order of text depends on a database's collation.
      return (await query.execute()).map(({ scope, name }) => ({ scope, name })).sort(compareIds);
    },

    // One statement, since only that sees one moment on both engines whatever the isolation level.
    async read(id) {
      const rows = await db
        .selectFrom('keyring_key as k')
        .innerJoin('keyring_version as v', (on) => on.onRef('v.scope', '=', 'k.scope').onRef('v.name', '=', 'k.name'))
        .leftJoin('keyring_material as m', (on) =>
          on.onRef('m.scope', '=', 'v.scope').onRef('m.name', '=', 'v.name').onRef('m.version', '=', 'v.version'),
        )
        .selectAll('v')
        .select([
          'k.kind',
          'k.revision',
          'k.policy',
          'k.min_decrypt_version',
          'k.min_encrypt_version',
          'k.created_at as key_created_at',
          'k.changed_at',
          'k.deleted_at',
          'k.mac',
          'm.wrapped',
        ])
        .where('k.scope', '=', id.scope)
        .where('k.name', '=', id.name)
        .orderBy('v.version')
        .execute();
      const [key] = rows;
      if (key === undefined) return undefined;

      const document: KeyDocument = {
        ...id,
        kind: key.kind as KeyKind,
        revision: Number(key.revision),
        policy: JSON.parse(key.policy) as KeyPolicy,
        minDecryptVersion: key.min_decrypt_version,
        minEncryptVersion: key.min_encrypt_version,
        createdAt: Number(key.key_created_at),
        changedAt: Number(key.changed_at),
        deletedAt: optionalNumber(key.deleted_at),
        versions: rows.map(toVersion),
        mac: key.mac,
      };
      const material: StoredKey['material'] = new Map(
        rows.flatMap(({ version, wrapped }) =>
          wrapped === null ? [] : [[version, JSON.parse(wrapped) as WrappedKey[]] as const],
        ),
      );
      return { document, material, uses: new Map(rows.map((row) => [row.version, toUses(row)])) };
    },

    async commit(change) {
      return db.transaction().execute(async (tx) => {
        if (!(await writeKey(tx, change.document))) return false;
        await writeVersions(tx, change);
        await writeMaterial(tx, change);
        return true;
      });
    },

    async readUses({ scope, name }, version) {
      const row = await db
        .selectFrom('keyring_version')
        .select(['reserved', 'returned', 'last_used_at', 'uses_mac'])
        .where('scope', '=', scope)
        .where('name', '=', name)
        .where('version', '=', version)
        .executeTakeFirst();
      return row && toUses(row);
    },

    async swapUses({ scope, name }, version, before, after) {
      const { numUpdatedRows } = await db
        .updateTable('keyring_version')
        .set(usesRow(after))
        .where('scope', '=', scope)
        .where('name', '=', name)
        .where('version', '=', version)
        .where('uses_mac', '=', before.mac)
        .where('reserved', '=', before.reserved)
        .where('returned', '=', before.returned)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}

// First in its transaction, so that of two writers one waits here, and then finds the revision gone.
async function writeKey(tx: Kysely<KeyringTables>, document: KeyDocument): Promise<boolean> {
  const row = {
    scope: document.scope,
    name: document.name,
    kind: document.kind,
    revision: document.revision,
    policy: JSON.stringify(document.policy),
    min_decrypt_version: document.minDecryptVersion,
    min_encrypt_version: document.minEncryptVersion,
    created_at: document.createdAt,
    changed_at: document.changedAt,
    deleted_at: document.deletedAt,
    mac: document.mac,
  };
  if (document.revision === 1) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('keyring_key')
      .values(row)
      .onConflict((conflict) => conflict.columns(['scope', 'name']).doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { numUpdatedRows } = await tx
    .updateTable('keyring_key')
    .set(row)
    .where('scope', '=', document.scope)
    .where('name', '=', document.name)
    .where('revision', '=', document.revision - 1)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function writeVersions(tx: Kysely<KeyringTables>, { document, uses }: KeyChange): Promise<void> {
  for (const version of document.versions) {
    const row = versionRow(version);
    await tx
      .insertInto('keyring_version')
      .values({
        scope: document.scope,
        name: document.name,
        ...row,
        ...usesRow(uses.get(version.version) ?? NEVER_USED),
      })
      .onConflict((conflict) => conflict.columns(['scope', 'name', 'version']).doUpdateSet(row))
      .execute();
  }
}

/** Of versions that came destroyed from a backup: nothing is left to authenticate a count with. */
const NEVER_USED: KeyUses = { reserved: 0, returned: 0, lastUsedAt: null, mac: '' };

async function writeMaterial(tx: Kysely<KeyringTables>, { document, material }: KeyChange): Promise<void> {
  const { scope, name } = document;
  for (const version of [...material.keys(), ...destroyedVersions(document)]) {
    await tx
      .deleteFrom('keyring_material')
      .where('scope', '=', scope)
      .where('name', '=', name)
      .where('version', '=', version)
      .execute();
  }
  const rows = [...material].map(([version, wrapped]) => ({ scope, name, version, wrapped: JSON.stringify(wrapped) }));
  if (rows.length > 0) await tx.insertInto('keyring_material').values(rows).execute();
}

function versionRow(version: KeyVersion) {
  return {
    version: version.version,
    kid: version.kid,
    state: version.state,
    suite: version.suite,
    created_at: version.createdAt,
    activates_at: version.activatesAt,
    expires_at: version.expiresAt,
    public_key: version.publicKey,
  };
}

function toVersion(row: {
  version: number;
  kid: string;
  state: string;
  suite: string | null;
  created_at: Integer;
  activates_at: Integer | null;
  expires_at: Integer | null;
  public_key: string | null;
}): KeyVersion {
  return {
    version: row.version,
    kid: row.kid,
    state: row.state as KeyState,
    suite: row.suite as FieldSuite | null,
    createdAt: Number(row.created_at),
    activatesAt: optionalNumber(row.activates_at),
    expiresAt: optionalNumber(row.expires_at),
    publicKey: row.public_key,
  };
}

function usesRow({ reserved, returned, lastUsedAt, mac }: KeyUses) {
  return { reserved, returned, last_used_at: lastUsedAt, uses_mac: mac };
}

function toUses(row: {
  reserved: Integer;
  returned: Integer;
  last_used_at: Integer | null;
  uses_mac: string;
}): KeyUses {
  return {
    reserved: Number(row.reserved),
    returned: Number(row.returned),
    lastUsedAt: optionalNumber(row.last_used_at),
    mac: row.uses_mac,
  };
}
