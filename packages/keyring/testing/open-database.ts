import { Kysely } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';
import { createKeyringTables, type KeyringTables } from '../src/stores/sql.ts';

/** Opens a database of `forEachDatabase` with the keyring's tables in it. `destroy` closes it. */
export async function openKeyDatabase(url: string): Promise<Kysely<KeyringTables>> {
  const db = new Kysely<KeyringTables>({ dialect: kyselyDialect(url) });
  await createKeyringTables(db);
  return db;
}
