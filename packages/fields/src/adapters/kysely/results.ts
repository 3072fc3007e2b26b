import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { Row } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import type { DeclaredTable } from './declared-tables.ts';
import type { HiddenColumn, HiddenColumns } from './hidden-columns.ts';

type ResultRow = Record<string, unknown>;

/** One row of a table among the columns of a result. */
interface SealedPart {
  readonly table: DeclaredTable;
  /** Where its columns are in the result, by their names in the table. */
  readonly columns: Map<string, string>;
  readonly outputs: { readonly name: string; readonly field: string }[];
}

/**
 * Opens what a query has fetched, and drops the columns that were fetched for it.
 *
 * @throws FieldsError and KeyringError, as `openRow` and `Fields.ready`
 */
export async function openRows(
  rows: readonly ResultRow[],
  hidden: HiddenColumns,
  fields: Fields,
): Promise<ResultRow[] | undefined> {
  const names = Object.keys(rows[0] ?? {});
  const fetched = names.flatMap((name) => {
    const column = hidden.get(name);
    return column ? [{ name, column }] : [];
  });
  if (fetched.length === 0) return undefined;

  const visible = names.filter((name) => !hidden.get(name));
  const whole = fetched.find(({ column }) => column.stored === undefined)?.column.table;
  if (whole) requireColumns(whole, new Set(visible));
  const parts = partsOf(fetched);
  const inRow = rows.map((row) => ({ row, stored: parts.map((part) => storedOf(part, row)) }));

  const scopes = new Set<string>();
  for (const { row, stored } of inRow) {
    if (whole && hasSealed(whole, row)) scopes.add(whole.scopeOf(row));
    for (const [at, part] of parts.entries()) {
      if (hasSealed(part.table, stored[at]!)) scopes.add(part.table.scopeOf(stored[at]!));
    }
  }
  for (const scope of scopes) await fields.ready(scope, 'read');

  return inRow.map(({ row, stored }) => {
    const shown: ResultRow = {};
    for (const name of visible) shown[name] = row[name];
    const opened = whole ? openWhole(whole, shown) : shown;
    for (const [at, part] of parts.entries()) openPart(part, stored[at]!, opened);
    return opened;
  });
}

function partsOf(fetched: readonly { readonly name: string; readonly column: HiddenColumn }[]): readonly SealedPart[] {
  const parts = new Map<string, SealedPart>();
  for (const { name, column } of fetched) {
    const { table, group, stored, outputs } = column;
    if (stored === undefined) continue;
    const part: SealedPart = parts.get(group) ?? { table, columns: new Map(), outputs: [] };
    parts.set(group, part);
    part.columns.set(stored, name);
    part.outputs.push(...outputs.filter((output) => !part.outputs.some((known) => known.name === output.name)));
  }
  return [...parts.values()];
}

function storedOf({ columns }: SealedPart, row: ResultRow): ResultRow {
  return Object.fromEntries([...columns].map(([stored, name]) => [stored, row[name]]));
}

/** Rows that an outer join has filled up with nulls have no keys, nor need any. */
function hasSealed({ cipher }: DeclaredTable, row: Row): boolean {
  const { record, fields } = cipher.table;
  if (record && (row[record.column] ?? null) !== null) return true;
  return Object.values(fields).some(({ column }) => (row[column] ?? null) !== null);
}

function openPart({ table: { cipher }, outputs }: SealedPart, stored: ResultRow, row: ResultRow): void {
  const opened = cipher.openRow(stored) as ResultRow;
  for (const { name, field } of outputs) {
    // A record that is null has fields that are null.
    const isThere = Object.hasOwn(opened, field) || cipher.table.fields[field]!.isInRecord;
    if (!isThere) throw movedOn(field);
    row[name] = opened[field] ?? null;
  }
}

function movedOn(field: string): FieldsError {
  const why = 'its migration has gone on while the query was under way: run the query again';
  return new FieldsError('ERR_MIGRATION_STATE', `${field} was not fetched from where it is now: ${why}`);
}

function openWhole({ cipher }: DeclaredTable, row: ResultRow): ResultRow {
  const opened = cipher.openRow(row) as ResultRow;
  for (const { name } of cipher.table.record?.fields ?? []) opened[name] ??= null;
  return opened;
}

/** A column under another name would be handed out as it is stored. */
function requireColumns({ cipher }: DeclaredTable, names: ReadonlySet<string>): void {
  for (const field of Object.keys(cipher.table.fields)) {
    if (cipher.columnsOf(field).every((column) => names.has(column))) continue;
    const why = 'is not in the result under its name in the database: does another plugin rename columns?';
    throw unsupported(cipher.table, field, why);
  }
}
