import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';

/** Drizzle on the SQLite that Node has. `asked` sees each statement with its parameters. */
export function drizzleOnNodeSqlite<S extends Record<string, unknown>>(
  database: DatabaseSync,
  schema: S,
  asked: (sql: string, params: unknown[]) => void = () => {},
): SqliteRemoteDatabase<S> {
  return drizzle(
    async (text, params: unknown[], method) => {
      asked(text, params);
      const statement = database.prepare(text);
      if (method === 'run') {
        statement.run(...(params as SQLInputValue[]));
        return { rows: [] };
      }
      statement.setReturnArrays(true);
      const rows = statement.all(...(params as SQLInputValue[])) as unknown as unknown[][];
      return { rows: method === 'get' ? (rows[0] as unknown[]) : rows };
    },
    { schema },
  );
}
