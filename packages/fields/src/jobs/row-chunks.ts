import { type RawBuilder, sql } from 'kysely';
import { FieldsError } from '../errors.ts';
import type { Row } from '../row-id.ts';
import type { EncryptedTable } from '../table.ts';
import { type AnyDatabase, columnTypes, isPostgres } from './sql-engine.ts';

/** A row as it was read, with what tells whether it was changed since. */
export interface ReadRow {
  readonly row: Row;
  /** Values of the id, as they go back to the database unchanged. */
  readonly key: readonly unknown[];
  /** PostgreSQL's xmin; SQLite has one writer, and needs none. */
  readonly version: string | undefined;
}

/** Reads a table in order of its id and writes rows back, many at a time. */
export interface RowChunks {
  count(): Promise<number>;
  /** Up to `limit` rows after a position. */
  after(db: AnyDatabase, position: readonly unknown[] | null, limit: number): Promise<ReadRow[]>;
  /** The same rows as they are now; one that was deleted is not among them. */
  again(db: AnyDatabase, rows: readonly ReadRow[]): Promise<ReadRow[]>;
  /** Sets columns, and no others, of rows that were not changed since they were read. @returns The rows that were. */
  write(db: AnyDatabase, changes: readonly { read: ReadRow; set: Row }[]): Promise<ReadRow[]>;
  /** A position, as it is recorded. */
  positionOf(read: ReadRow): unknown[];
  idOf(row: Row): Row;
}

const VERSION = 'bulwark_row_version';
const KEY = 'bulwark_row_key_';
/** Parameters in one statement; SQLite takes 32,766. */
const PARAMETERS_MAX = 30_000;

/**
 * @param columns Those to read beside id and scope.
 * @param sets Those that may be written.
 * @param scope Only rows of this scope, where a column names it.
 * @throws FieldsError ERR_MIGRATION_STATE (the table or a column is not there; the message names them)
 */
export async function rowChunks(
  db: AnyDatabase,
  table: EncryptedTable,
  { columns, sets, scope }: { columns: readonly string[]; sets: readonly string[]; scope?: string | undefined },
): Promise<RowChunks> {
  const scopeColumn = typeof table.scope === 'object' ? table.scope.column : undefined;
  const all = [...new Set([...table.id, ...(scopeColumn === undefined ? [] : [scopeColumn]), ...columns])];
  const types = await requireColumns(db, table, [...all, ...sets]);
  const onPostgres = isPostgres(db);
  const tableName = sql.table(table.table);
  const ref = (column: string) => sql.ref(`${table.table}.${column}`);
  const list = (parts: readonly RawBuilder<unknown>[]) => sql.join(parts);
  // As text, since what a driver makes of a timestamp or a number does not always find the row again.
  const keyOf = (column: string) => (onPostgres ? sql`${ref(column)}::text` : ref(column));
  const selected = list([
    ...all.map((column) => sql`${ref(column)} AS ${sql.id(column)}`),
    ...(onPostgres ? [sql`${sql.ref(`${table.table}.xmin`)}::text AS ${sql.id(VERSION)}`] : []),
    ...table.id.map((column, i) => sql`${keyOf(column)} AS ${sql.id(KEY + i)}`),
  ]);
  const inScope = scope !== undefined && scopeColumn !== undefined ? sql`${ref(scopeColumn)} = ${scope}` : sql`1 = 1`;
  const typed = (column: string, value: unknown) =>
    onPostgres ? sql`CAST(${value} AS ${sql.raw(types.get(column)!)})` : sql`${value}`;
  const idList = list(table.id.map(ref));

  const toRead = (found: Record<string, unknown>): ReadRow => {
    const { [VERSION]: version, ...row } = found;
    const key = table.id.map((_, i) => row[KEY + i]);
    for (const i of key.keys()) delete row[KEY + i];
    return { row, key, version: version as string | undefined };
  };
  const nameOf = (key: readonly unknown[]) => JSON.stringify(key.map(storable));

  return {
    positionOf: ({ key }) => key.map(storable),
    idOf: (row) => Object.fromEntries(table.id.map((column) => [column, storable(row[column])])),

    async count() {
      const { rows } = await sql<{
        count: unknown;
      }>`SELECT count(*) AS count FROM ${tableName} WHERE ${inScope}`.execute(db);
      return Number(rows[0]?.count ?? 0);
    },

    async after(on, position, limit) {
      const from = position
        ? sql`(${idList}) > (${list(table.id.map((column, i) => typed(column, restored(position[i]))))})`
        : sql`1 = 1`;
      const { rows } = await sql<Record<string, unknown>>`
        SELECT ${selected} FROM ${tableName} WHERE ${from} AND ${inScope} ORDER BY ${idList} LIMIT ${sql.lit(limit)}`.execute(
        on,
      );
      return rows.map(toRead);
    },

    async again(on, reads) {
      const found: ReadRow[] = [];
      for (const { key } of reads) {
        const same = sql.join(
          table.id.map((column, i) => sql`${ref(column)} = ${typed(column, key[i])}`),
          sql` AND `,
        );
        const { rows } = await sql<Record<string, unknown>>`SELECT ${selected} FROM ${tableName} WHERE ${same}`.execute(
          on,
        );
        found.push(...rows.map(toRead));
      }
      return found;
    },

    async write(on, changes) {
      // Columns of VALUES are called column1, column2 … on both engines.
      const column = (at: number) => sql.raw(`v.column${at + 1}`);
      const written = new Set<string>();
      for (const { columns: set, part } of statements(changes, table.id.length + 1)) {
        const values = part.map(({ read, set: row }, at) => {
          const cell = (column: string, value: unknown) => (at === 0 ? typed(column, value) : sql`${value}`);
          return sql`(${list([
            ...table.id.map((column, i) => cell(column, read.key[i])),
            ...set.map((column) => cell(column, row[column])),
            ...(onPostgres ? [sql`${read.version}`] : []),
          ])})`;
        });
        const assignments = set.map((name, i) => sql`${sql.id(name)} = ${column(table.id.length + i)}`);
        const matches = [
          ...table.id.map((name, i) => sql`${ref(name)} = ${column(i)}`),
          ...(onPostgres
            ? [sql`${sql.ref(`${table.table}.xmin`)}::text = ${column(table.id.length + set.length)}`]
            : []),
        ];
        const { rows } = await sql<Record<string, unknown>>`
          UPDATE ${tableName} SET ${list(assignments)} FROM (VALUES ${list(values)}) AS v
          WHERE ${sql.join(matches, sql` AND `)}
          RETURNING ${list(table.id.map((name, i) => sql`${keyOf(name)} AS ${sql.id(KEY + i)}`))}`.execute(on);
        for (const row of rows) written.add(nameOf(table.id.map((_, i) => row[KEY + i])));
      }
      return changes.flatMap(({ read }) => (written.has(nameOf(read.key)) ? [] : read));
    },
  };
}

type Change = { readonly read: ReadRow; readonly set: Row };

/**
 * Changes by the columns that they set, as many in one statement as its parameters allow. A column that a row does not
 * set is not written back either: what a driver reads of JSON or a timestamp is not always what is stored.
 *
 * @param others Parameters of a row beside those.
 */
function statements(changes: readonly Change[], others: number): { columns: string[]; part: Change[] }[] {
  const groups = Map.groupBy(changes, ({ set }) => JSON.stringify(Object.keys(set).toSorted()));
  return [...groups].flatMap(([name, group]) => {
    const columns = JSON.parse(name) as string[];
    const perStatement = Math.max(1, Math.floor(PARAMETERS_MAX / (columns.length + others)));
    return Array.from({ length: Math.ceil(group.length / perStatement) }, (_, i) => ({
      columns,
      part: group.slice(i * perStatement, (i + 1) * perStatement),
    }));
  });
}

async function requireColumns(db: AnyDatabase, table: EncryptedTable, columns: readonly string[]) {
  const types = await columnTypes(db, table.table);
  if (!types) throw new FieldsError('ERR_MIGRATION_STATE', `the database has no table ${table.table}`);
  const missing = [...new Set(columns)].filter((column) => !types.has(column));
  if (missing.length === 0) return types;
  throw new FieldsError(
    'ERR_MIGRATION_STATE',
    `table ${table.table} has no column ${missing.join(', ')}: add it first`,
  );
}

// Ids in JSON: bytes are marked, all else that an id can be is text or a number.
function storable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return typeof value === 'bigint' ? value.toString() : value;
}

function restored(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'bytes' in value
    ? Buffer.from(String(value.bytes), 'base64')
    : value;
}
