import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, type LogEvent, PostgresDialect, type SqliteDatabase, SqliteDialect } from 'kysely';
import pg from 'pg';

/**
 * Opens a database of `forEachDatabase`, or `:memory:`, for Kysely.
 *
 * @param onQuery Told of each query that reaches the database, with its parameters.
 */
export function openKysely<DB>(url: string, onQuery: (query: LogEvent['query']) => void = () => {}): Kysely<DB> {
  return new Kysely<DB>({
    dialect: url.startsWith('postgres:') ? postgres(url) : new SqliteDialect({ database: sqlite(url) }),
    log: ({ query }) => onQuery(query),
  });
}

function postgres(url: string): PostgresDialect {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {}); // a server that stops ends idle connections; the next query says so
  return new PostgresDialect({ pool });
}

function sqlite(file: string): SqliteDatabase {
  const database = new DatabaseSync(file);
  return {
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
  };
}
