import { Column, getTableColumns, getTableName, is, isSQLWrapper, SQL, Subquery, Table } from 'drizzle-orm';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { scopeOf } from '../../row-id.ts';
import { type TableCipher, unsupported } from '../../table-cipher.ts';
import type { BoundTable, BoundTables } from './bound-table.ts';
import { hiddenKey, markOf, Unopened } from './columns.ts';
import type { RelationalConfig, RelationalItem, SelectedField } from './internals.ts';

/** Where the columns of one table's row are in a result. */
interface Part {
  readonly cipher: TableCipher;
  readonly columns: readonly {
    readonly path: readonly string[];
    readonly name: string;
    /** What is opened and put in its place; of other columns undefined. */
    readonly field: string | undefined;
    /** Selected to open the others, and not asked for. */
    readonly isAdded: boolean;
  }[];
}

/** Where encrypted columns are in the rows of a result. */
export interface Shape {
  readonly parts: readonly Part[];
  /** Rows of relations. */
  readonly below: readonly { readonly key: string; readonly shape: Shape }[];
}

/**
 * A selection as the database is asked for it: without columns that the application does not see, and with what is
 * needed to open the encrypted ones. Gives the same whenever it is asked in the same moment.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (an encrypted column as the value of an expression)
 */
export function expand(selection: readonly SelectedField[], tables: BoundTables): SelectedField[] {
  const kept = selection.filter(({ field }) => {
    refuseDecoded(field);
    const role = is(field, Column) ? markOf(field)?.role : undefined;
    return role === undefined || role === 'sealed';
  });
  const keys = new Set(kept.map(({ field }) => (is(field, Column) ? keyOf(field, tables) : '')));
  const added: SelectedField[] = [];
  for (const { path, field } of kept) {
    if (!is(field, Column)) continue;
    for (const companion of companions(field, tables)) {
      const key = keyOf(companion, tables);
      if (keys.has(key)) continue;
      keys.add(key);
      added.push({ path: [...path.slice(0, -1), hiddenKey(key)], field: companion });
    }
  }
  return [...kept, ...added];
}

/** Columns of the same row without which an encrypted one cannot be opened. */
function companions(column: Column, tables: BoundTables): Column[] {
  const mark = markOf(column);
  if (mark?.role !== 'sealed') return [];
  const bound = tables.ofMark(mark);
  const columns = bound.columnsOf(column.table);
  const plain = bound.cipher.columnsOf(mark.field.name).filter((name) => name !== mark.field.column);
  return [...bound.context, ...plain].flatMap((name) => columns.get(name) ?? []);
}

function keyOf(column: Column, tables: BoundTables): string {
  return `${getTableName(column.table)}.${tables.nameOf(column)}`;
}

/** A subquery or expression gives one value, without the row that it would be opened in. */
function refuseDecoded(field: SelectedField['field']): void {
  const inner = is(field, Subquery) ? Object.values(field._.selectedFields) : [decoderOf(field)];
  for (const each of inner) {
    const mark = is(each, Column) && each !== field ? markOf(each) : undefined;
    if (mark) throw unsupported(mark.table, mark.field.name, 'is encrypted, and opens as a column of its row only');
  }
}

function decoderOf(field: SelectedField['field']): unknown {
  const expression = is(field, SQL.Aliased) ? field.sql : field;
  return is(expression, SQL) ? (expression as unknown as { decoder: unknown }).decoder : undefined;
}

/** Refuses a selection whose rows the database compares with one another: no two sealed values are equal. */
export function refuseCompared(selection: unknown): void {
  if (is(selection, Column)) {
    const mark = markOf(selection);
    const why = 'is encrypted, and never equal to another: it cannot be in a distinct, grouped or united selection';
    if (mark?.role === 'sealed') throw unsupported(mark.table, mark.field.name, why);
  } else if (is(selection, Table)) refuseCompared(getTableColumns(selection));
  else if (typeof selection === 'object' && selection !== null && !isSQLWrapper(selection)) {
    for (const member of Object.values(selection)) refuseCompared(member);
  }
}

/** The shape of what a select gives. */
export function shapeOf(selection: readonly SelectedField[], tables: BoundTables): Shape {
  const requested = new Set(selection);
  return {
    parts: partsOf(
      expand(selection, tables).map((item) => ({ ...item, isAdded: !requested.has(item) })),
      tables,
    ),
    below: [],
  };
}

function partsOf(selection: readonly (SelectedField & { readonly isAdded: boolean })[], tables: BoundTables): Part[] {
  const parts = new Map<string, { bound: BoundTable; columns: Part['columns'][number][] }>();
  for (const { field } of selection) {
    const mark = is(field, Column) ? markOf(field) : undefined;
    if (mark) parts.set(getTableName((field as Column).table), { bound: tables.ofMark(mark), columns: [] });
  }
  for (const { path, field, isAdded } of selection) {
    if (!is(field, Column)) continue;
    const part = parts.get(getTableName(field.table));
    const mark = markOf(field);
    const name = tables.nameOf(field);
    if (!part || !(mark || part.bound.context.includes(name))) continue;
    part.columns.push({ path, name, field: mark?.role === 'sealed' ? mark.field.name : undefined, isAdded });
  }
  return [...parts.values()].map(({ bound, columns }) => ({ cipher: bound.cipher, columns }));
}

/** What a relational query is to select of an encrypted table, and what of it was not asked for. */
export function relationalColumns(
  { table, tableConfig, queryConfig }: RelationalConfig,
  tables: BoundTables,
): { readonly columns: Record<string, boolean>; readonly added: ReadonlySet<string> } | undefined {
  if (!tables.of(table)) return undefined;
  const all = Object.entries(tableConfig.columns);
  const asked = queryConfig === true ? undefined : queryConfig.columns;
  const named = Object.entries(asked ?? {}).filter(([key, wants]) => wants !== undefined && key in tableConfig.columns);
  const isIncluding = named.some(([, wants]) => wants === true);
  const wanted = all.filter(([key, column]) => {
    const role = markOf(column)?.role;
    if (role === 'index' || role === 'plain') return false;
    if (asked === undefined) return true;
    if (named.length === 0) return false;
    return isIncluding ? asked[key] === true : !named.some(([name]) => name === key);
  });
  const keys = new Set(wanted.map(([key]) => key));
  const needed = new Set(wanted.flatMap(([, column]) => companions(column, tables)).map((column) => column.name));
  const added = new Set(all.flatMap(([key, { name }]) => (needed.has(name) && !keys.has(key) ? [key] : [])));
  return { columns: Object.fromEntries([...keys, ...added].map((key) => [key, true])), added };
}

/** The shape of what a relational query gives. */
export function relationalShape(
  items: readonly RelationalItem[],
  addedOf: (items: readonly RelationalItem[]) => ReadonlySet<string> | undefined,
  tables: BoundTables,
): Shape {
  const added = addedOf(items);
  const fields = items.flatMap(({ tsKey, field, isJson }) =>
    !isJson && is(field, Column) ? [{ path: [tsKey], field, isAdded: added?.has(tsKey) ?? false }] : [],
  );
  const below = items.flatMap(({ tsKey, isJson, selection }) =>
    isJson ? [{ key: tsKey, shape: relationalShape(selection, addedOf, tables) }] : [],
  );
  return { parts: partsOf(fields, tables), below };
}

/** Opens what a query gave, in place; of a promise, when its keys are at hand. */
export function opened(result: unknown, shape: Shape, fields: Fields): unknown {
  if (!(result instanceof Promise)) return openRows(result, shape);
  return result.then(async (rows) => {
    const scopes = new Set<string>();
    eachPart(rows, shape, ({ cipher, columns }, row) => {
      const stored = storedOf(columns, row);
      const isSealed = columns.some(({ path }) => holder(row, path)?.[path.at(-1)!] instanceof Unopened);
      if (isSealed) scopes.add(scopeOf(cipher.table, stored, fields.defaultScope()));
    });
    await Promise.all([...scopes].map((scope) => fields.ready(scope)));
    return openRows(rows, shape);
  });
}

function openRows(rows: unknown, shape: Shape): unknown {
  eachPart(rows, shape, ({ cipher, columns }, row) => {
    const values = cipher.openRow(storedOf(columns, row));
    for (const { path, field, isAdded } of columns) {
      const at = holder(row, path);
      const key = path.at(-1)!;
      if (at && field !== undefined) {
        if (!Object.hasOwn(values, field)) throw movedOn(field);
        at[key] = values[field];
      } else if (at && isAdded) delete at[key];
    }
  });
  return rows;
}

/** A prepared query may be older than the phase that the field is in now. */
function movedOn(field: string): FieldsError {
  const why = 'its migration has moved since the query was made: make the query again';
  return new FieldsError('ERR_MIGRATION_STATE', `${field} was not fetched from where it is now: ${why}`);
}

type Node = Record<string, unknown>;

function eachPart(rows: unknown, { parts, below }: Shape, work: (part: Part, row: Node) => void): void {
  for (const row of Array.isArray(rows) ? rows : [rows]) {
    if (typeof row !== 'object' || row === null) continue;
    for (const part of parts) work(part, row as Node);
    for (const { key, shape } of below) eachPart((row as Node)[key], shape, work);
  }
}

function storedOf(columns: Part['columns'], row: Node): Node {
  const stored: Node = {};
  for (const { path, name } of columns) {
    const at = holder(row, path);
    if (!at) continue;
    const value = at[path.at(-1)!];
    stored[name] = value instanceof Unopened ? value.stored : value;
  }
  return stored;
}

/** Where a value lies; undefined where the row of a join is not there. */
function holder(row: Node, path: readonly string[]): Node | undefined {
  let at: unknown = row;
  for (const key of path.slice(0, -1)) at = (at as Node | null)?.[key];
  return typeof at === 'object' && at !== null ? (at as Node) : undefined;
}
