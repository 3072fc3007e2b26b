import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type Dialect, PostgresDialect, SqliteDialect } from 'kysely';
import pg from 'pg';

/** How Kysely opens a database of `forEachDatabase`. */
export function kyselyDialect(url: string): Dialect {
  return url.startsWith('postgres:') ? postgres(url) : sqlite(url);
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
