import type { Column } from 'drizzle-orm';
import {
  type PgColumnBuilderBase,
  type ConvertCustomConfig as PgConfig,
  type PgCustomColumnBuilder,
  customType as pgCustomType,
  text as pgText,
} from 'drizzle-orm/pg-core';
import {
  type SQLiteColumnBuilderBase,
  type SQLiteCustomColumnBuilder,
  type ConvertCustomConfig as SqliteConfig,
  customType as sqliteCustomType,
  text as sqliteText,
} from 'drizzle-orm/sqlite-core';
import { FieldsError } from '../../errors.ts';
import type { Field } from '../../field.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';
import { configOf } from './internals.ts';

/** What a column of a Drizzle table is to a declared field. */
export interface Mark {
  readonly table: EncryptedTable;
  readonly field: ResolvedField;
  readonly role: 'sealed' | 'index' | 'plain';
}

/** Columns that pgColumns and sqliteColumns have made, by their configuration, which aliases of a column share. */
const marks = new WeakMap<object, Mark>();

/** undefined: a column of the application's own. */
export function markOf(column: Column): Mark | undefined {
  return marks.get(configOf(column));
}

/**
 * A value as it is stored. Takes the field's place in a row until the row is opened, and cannot be taken for the value:
 * an application sees it where it reads through a database that was not given to `encryptedDb`.
 */
export class Unopened {
  readonly stored: unknown;

  constructor(stored: unknown) {
    this.stored = stored;
  }

  toJSON(): never {
    throw notOpened();
  }

  toString(): never {
    throw notOpened();
  }
}

function notOpened(): FieldsError {
  return new FieldsError('ERR_DECLARATION', 'an encrypted column was read without encryptedDb(db, fields)');
}

interface ColumnsOptions<Builder> {
  /** Type of a column in the DDL, by field: `jsonb` for JSON with paths. `text`, or bytes as the table is declared. */
  readonly types?: Readonly<Record<string, string>>;
  /** Plain columns that fields replace, where they are not text, by field: `{ born: date('born') }`. */
  readonly plain?: Readonly<Record<string, Builder>>;
  /** While an index key is rotated: the `_next` columns are there. */
  readonly hasNextIndexes?: boolean;
}

/** Fields of a declared table as columns of a `pgTable`. */
export type PgColumns<T> =
  T extends EncryptedTable<infer F>
    ? {
        [K in keyof F]: F[K] extends Field<infer V>
          ? PgCustomColumnBuilder<PgConfig<'', { data: V; driverData: unknown }>>
          : never;
      }
    : never;

/** Fields of a declared table as columns of a `sqliteTable`. */
export type SqliteColumns<T> =
  T extends EncryptedTable<infer F>
    ? {
        [K in keyof F]: F[K] extends Field<infer V>
          ? SQLiteCustomColumnBuilder<SqliteConfig<'', { data: V; driverData: unknown }>>
          : never;
      }
    : never;

/**
 * The columns of a declared table's fields, to be spread into `pgTable`. With them come the columns of indexes and, during
 * a migration, plain columns: the database and drizzle-kit see them, the application does not.
 *
 * @throws FieldsError ERR_DECLARATION (the table has a record)
 */
export function pgColumns<T extends EncryptedTable>(
  table: T,
  options: ColumnsOptions<PgColumnBuilderBase> = {},
): PgColumns<T> {
  const make = (column: string, type: string) => pgCustomType<CustomColumn>(customColumn(table, column, type))(column);
  return columnsOf(table, options, { make, plain: pgText, bytes: 'bytea' }) as PgColumns<T>;
}

/** The same for `sqliteTable`. @throws FieldsError ERR_DECLARATION (the table has a record) */
export function sqliteColumns<T extends EncryptedTable>(
  table: T,
  options: ColumnsOptions<SQLiteColumnBuilderBase> = {},
): SqliteColumns<T> {
  const make = (column: string, type: string) =>
    sqliteCustomType<CustomColumn>(customColumn(table, column, type))(column);
  return columnsOf(table, options, { make, plain: sqliteText, bytes: 'blob' }) as SqliteColumns<T>;
}

type CustomColumn = { data: unknown; driverData: unknown };

/** What a column is called that the application does not see. */
export const hiddenKey = (column: string) => `bulwark:${column}`;

function columnsOf<Builder extends object>(
  table: EncryptedTable,
  { types = {}, plain = {}, hasNextIndexes = false }: ColumnsOptions<object>,
  of: { make(column: string, type: string): Builder; plain(column: string): object; bytes: string },
): Record<string, object> {
  if (table.record) {
    throw new FieldsError('ERR_DECLARATION', `${table.name} has a record: in Drizzle each field has its own column`);
  }
  const stored = table.store === 'bytes' ? of.bytes : 'text';
  const columns: Record<string, object> = {};
  const add = (key: string, builder: object, mark: Mark) => {
    marks.set(configOf(builder), mark);
    columns[key] = builder;
  };
  for (const field of Object.values(table.fields)) {
    const { name, column, plainColumn, index, pathParts } = field;
    // JSON with paths is text in any case.
    const type = types[name] ?? (pathParts ? 'text' : stored);
    add(name, of.make(column, type), { table, field, role: 'sealed' });
    if (index) {
      for (const each of hasNextIndexes ? [index.column, index.nextColumn] : [index.column]) {
        const builder = of.make(each, stored) as { unique?(): unknown };
        if (index.isUnique) builder.unique?.();
        add(hiddenKey(each), builder, { table, field, role: 'index' });
      }
    }
    if (plainColumn !== undefined) {
      const builder = plain[name] ?? of.plain(plainColumn);
      if ((configOf(builder) as { name?: string }).name !== plainColumn) {
        throw new FieldsError('ERR_DECLARATION', `${table.name}.${name}: its plain column is called ${plainColumn}`);
      }
      add(hiddenKey(plainColumn), builder, { table, field, role: 'plain' });
    }
  }
  return columns;
}

function customColumn(table: EncryptedTable, column: string, type: string) {
  return {
    dataType: () => type,
    toDriver(): never {
      // Drizzle converts inserted and compared values alike, knowing neither row nor purpose: encryptedDb has sealed what is
      // to be stored before this is asked.
      const why = 'is encrypted: open the database with encryptedDb(db, fields), and compare with eq or inArray only';
      throw new FieldsError('ERR_UNSUPPORTED_QUERY', `${table.table}.${column} ${why}`);
    },
    fromDriver: (stored: unknown) => new Unopened(fromJson(table, stored)),
  };
}

/** PostgreSQL gives bytes inside JSON, as relations are read, in its hexadecimal form. */
function fromJson(table: EncryptedTable, stored: unknown): unknown {
  if (stored instanceof ArrayBuffer) return Buffer.from(stored);
  const isHex = table.store === 'bytes' && typeof stored === 'string' && stored.startsWith('\\x');
  return isHex ? Buffer.from(stored.slice(2), 'hex') : stored;
}
