import { FieldsError } from './errors.ts';
import type { Field, Search } from './field.ts';
import { parsePath } from './json-paths.ts';

/** What a table may say of itself. */
export interface TableOptions {
  /** Name in the database; the table's own by default. Renaming it changes nothing that is stored. */
  readonly table?: string;
  /** Names that the table had before, under which values were sealed. */
  readonly formerNames?: readonly string[];
  /** Columns that tell a row from all others, in this order; `id` by default. Never changed once a row is stored. */
  readonly id?: string | readonly string[];
  /** `row`, the default: a value opens in its row only. `column`: also in other rows of the same column. */
  readonly bind?: 'row' | 'column';
  /** The least that stored values must be bound to; what their field says unless values of a lesser binding are still to be sealed anew. */
  readonly bindFloor?: 'row' | 'column';
  /** Whose keys seal the table: one tenant's, or those of the tenant that a column of the row names. */
  readonly scope?: string | { readonly column: string };
  /** Sealed values and indexes as text (`bw1:…`), the default, or as bytes, a quarter shorter. */
  readonly store?: 'text' | 'bytes';
  /** These fields are sealed together in one column: one seal for a row instead of one for each field. */
  readonly record?: { readonly column: string; readonly fields: readonly string[] };
}

/** A field with all that follows from its table. */
export interface ResolvedField<T = unknown> extends Field<T> {
  /** Logical name: what it is sealed under. */
  readonly name: string;
  readonly column: string;
  readonly bind: 'row' | 'column';
  readonly index: ResolvedIndex | undefined;
  readonly isInRecord: boolean;
  readonly maxBytes: number;
  readonly pathParts: readonly (readonly string[])[] | undefined;
}

/** The blind index of a field. */
export interface ResolvedIndex {
  readonly column: string;
  /** There while the index key is rotated. */
  readonly nextColumn: string;
  readonly bits: number;
  readonly isUnique: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a field of whatever type
export type FieldMap = Readonly<Record<string, Field<any>>>;

/** A declared table. */
export interface EncryptedTable<F extends FieldMap = FieldMap> {
  /** Logical name: what values are sealed under. */
  readonly name: string;
  readonly formerNames: readonly string[];
  readonly table: string;
  readonly id: readonly string[];
  readonly bindFloor: 'row' | 'column';
  readonly scope: string | { readonly column: string } | undefined;
  readonly store: 'text' | 'bytes';
  readonly fields: { readonly [K in keyof F]: ResolvedField };
  /** By name in the database; fields of the record are not among them. */
  readonly byColumn: ReadonlyMap<string, ResolvedField>;
  readonly record: { readonly column: string; readonly fields: readonly ResolvedField[] } | undefined;
  /** Columns that the application does not see: indexes and the record. */
  readonly hiddenColumns: ReadonlySet<string>;
  /** Types only: there is no such value. */
  readonly declared?: F;
}

/** What an application reads of a declared table's encrypted fields. */
export type PlainFields<T> =
  T extends EncryptedTable<infer F> ? { [K in keyof F]: (F[K] extends Field<infer V> ? V : never) | null } : never;

const UNIQUE_BITS = 128;

/**
 * Declares which columns of a table are encrypted.
 *
 * The names given here are sealed into every value, so that it opens in its own table and column only. They stay as
 * they are when the database renames something: then say `table` or `column`.
 *
 * @throws FieldsError ERR_DECLARATION
 */
export function encrypted<const F extends FieldMap>(
  name: string,
  fields: F,
  options: TableOptions = {},
): EncryptedTable<F> {
  const { bind = 'row', record } = options;
  requireName(name, 'table');
  if (Object.keys(fields).length === 0) throw declaration(name, 'declares no fields');
  for (const member of record?.fields ?? []) {
    if (!Object.hasOwn(fields, member)) throw declaration(name, `record names ${member}, which is no field`);
  }

  const resolved = Object.entries(fields).map(([field, declared]) =>
    resolve(name, field, declared, bind, record?.fields.includes(field) ?? false),
  );
  const idColumns = typeof options.id === 'string' ? [options.id] : (options.id ?? ['id']);
  if (idColumns.length === 0) throw declaration(name, 'must have at least one id column');

  const own = resolved.filter(({ isInRecord }) => !isInRecord);
  const indexColumns = resolved.flatMap(({ index }) => (index ? [index.column, index.nextColumn] : []));
  const plainColumns = resolved.flatMap(({ plainColumn }) => plainColumn ?? []);
  requireDistinct(name, [
    ...own.map(({ column }) => column),
    ...indexColumns,
    ...plainColumns,
    ...(record ? [record.column] : []),
    // The tenant is often a part of the id.
    ...new Set([...idColumns, ...(typeof options.scope === 'object' ? [options.scope.column] : [])]),
  ]);
  for (const { name: field, pathParts = [] } of resolved) requireApart(`${name}.${field}`, pathParts);
  const byName = Object.fromEntries(resolved.map((field) => [field.name, field]));
  return {
    name,
    formerNames: options.formerNames ?? [],
    table: options.table ?? name,
    id: idColumns,
    // No less than any field says: those that are bound to their column want nothing more anyway.
    bindFloor: options.bindFloor ?? (resolved.some((field) => field.bind === 'row') ? 'row' : 'column'),
    scope: options.scope,
    store: options.store ?? 'text',
    fields: byName as EncryptedTable<F>['fields'],
    byColumn: new Map(own.map((field) => [field.column, field])),
    record: record && { column: record.column, fields: record.fields.map((member) => byName[member]!) },
    hiddenColumns: new Set([...indexColumns, ...(record ? [record.column] : [])]),
  };
}

function resolve(
  table: string,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: a field of whatever type
  field: Field<any>,
  tableBind: 'row' | 'column',
  isInRecord: boolean,
): ResolvedField {
  requireName(name, `field of ${table}`);
  const at = `${table}.${name}`;
  const { type, search, paths, plainColumn, legacy } = field;
  const column = field.column ?? name;
  if (search !== undefined && type.searchText === undefined) {
    throw declaration(at, `is of type ${type.name}, which cannot be searched`);
  }
  if (paths && (search !== undefined || isInRecord || plainColumn !== undefined || legacy)) {
    throw declaration(at, 'seals paths inside JSON, and so has no search, record, plain column or legacy reader');
  }
  if (isInRecord && (plainColumn !== undefined || legacy)) {
    throw declaration(at, 'is in the record, which has no plain column and no legacy reader');
  }
  if (paths?.length === 0) throw declaration(at, 'names no paths: leave them out to seal the whole value');
  return {
    ...field,
    name,
    column,
    bind: field.bind ?? tableBind,
    index: search && {
      column: field.indexColumn ?? `${column}_index`,
      nextColumn: `${field.indexColumn ?? `${column}_index`}_next`,
      bits: bitsOf(at, search),
      isUnique: search === 'unique',
    },
    isInRecord,
    maxBytes: field.maxBytes ?? type.maxBytes,
    pathParts: paths?.map((path) => parsePath(at, path)),
  };
}

function bitsOf(at: string, search: Search): number {
  if (typeof search === 'string') return UNIQUE_BITS;
  const { filterBits } = search;
  if (Number.isInteger(filterBits) && filterBits >= 8 && filterBits <= UNIQUE_BITS) return filterBits;
  throw declaration(at, `filterBits must be 8 to ${UNIQUE_BITS}`);
}

function requireName(name: string, what: string): void {
  if (/^[A-Za-z_][\w$-]{0,62}$/.test(name) && name !== '__proto__') return;
  throw declaration(what, 'needs a name of letters, digits, _, - and $, 63 at most');
}

function requireDistinct(table: string, columns: readonly string[]): void {
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined) throw declaration(table, `uses the column ${twice} for two things`);
}

/** What lies inside a sealed value cannot be sealed once more: it would not be found when that is opened. */
function requireApart(at: string, paths: readonly (readonly string[])[]): void {
  const isWithin = (inner: readonly string[], outer: readonly string[]) =>
    inner.length > outer.length && outer.every((part, i) => part === '*' || inner[i] === '*' || part === inner[i]);
  const both = paths.flatMap((inner) => paths.flatMap((outer) => (isWithin(inner, outer) ? [[inner, outer]] : [])))[0];
  if (!both) return;
  throw declaration(
    at,
    `has the path ${both[0]!.join('.')} inside of ${both[1]!.join('.')}, which is sealed as a whole`,
  );
}

function declaration(at: string, problem: string): FieldsError {
  return new FieldsError('ERR_DECLARATION', `${at} ${problem}`);
}
