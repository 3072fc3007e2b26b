import { type Kysely, PostgresAdapter, sql, type Transaction } from 'kysely';

/** Any database: jobs work on tables that nobody has declared to Kysely. */
// biome-ignore lint/suspicious/noExplicitAny: Kysely's own word for a database of unknown tables
export type AnyDatabase = Kysely<any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyTransaction = Transaction<any>;

export function isPostgres(db: AnyDatabase): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Names of a table's columns with their types, or undefined where there is no such table. */
export async function columnTypes(db: AnyDatabase, table: string): Promise<ReadonlyMap<string, string> | undefined> {
  if (isPostgres(db)) {
    const { rows } = await sql<{ name: string; type: string }>`
      SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
      WHERE a.attrelid = to_regclass(${quoted(table)}) AND a.attnum > 0 AND NOT a.attisdropped`.execute(db);
    return rows.length === 0 ? undefined : new Map(rows.map(({ name, type }) => [name, type]));
  }
  const { rows } = await sql<{
    name: string;
    type: string;
  }>`SELECT name, type FROM pragma_table_info(${table})`.execute(db);
  return rows.length === 0 ? undefined : new Map(rows.map(({ name, type }) => [name, type]));
}

/** Columns that an index or a constraint begins with: looking for them is no walk over the whole table. */
export async function indexedColumns(
  db: AnyDatabase,
  table: string,
): Promise<ReadonlyMap<string, { isUnique: boolean }>> {
  const { rows } = isPostgres(db)
    ? await sql<{ name: string; isUnique: boolean }>`
        SELECT a.attname AS name, bool_or(i.indisunique) AS "isUnique" FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass(${quoted(table)}) GROUP BY a.attname`.execute(db)
    : await sql<{ name: string; isUnique: number }>`
        SELECT c.name AS name, max(l."unique") AS "isUnique"
        FROM pragma_index_list(${table}) l JOIN pragma_index_info(l.name) c ON c.seqno = 0 GROUP BY c.name`.execute(db);
  return new Map(rows.map(({ name, isUnique }) => [name, { isUnique: Boolean(isUnique) }]));
}

/** Failures after which the same transaction may well succeed. */
export function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : '';
  // serialization_failure, deadlock_detected, lock_not_available; SQLite says it in words.
  return ['40001', '40P01', '55P03'].includes(code) || /database is locked|database table is locked/.test(message);
}

/** A name as SQL takes it, whatever word it is; with its schema where one is named. */
export function quoted(table: string): string {
  return table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
