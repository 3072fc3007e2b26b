import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely';
import pg from 'pg';
import { createKeyringTables, type KeyringTables } from '../src/stores/sql.ts';

/** Opens a database of `forEachDatabase` with the keyring's tables in it. `destroy` closes it. */
export async function openKeyDatabase(url: string): Promise<Kysely<KeyringTables>> {
  const db = new Kysely<KeyringTables>({ dialect: url.startsWith('postgres:') ? postgres(url) : sqlite(url) });
  await createKeyringTables(db);
  return db;
}

function postgres(url: string): PostgresDialect {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {}); // a server that stops ends idle connections; the next query says so
  return new PostgresDialect({ pool });
}

function sqlite(file: string): SqliteDialect {
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql);
        const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...values(parameters)).map((row) => ({ ...row })),
          run: (parameters) => statement.run(...values(parameters)),
          iterate: (parameters) => statement.iterate(...values(parameters)),
        };
      },
    },
  });
}
