import type { Stored } from '../../cell-cipher.ts';
import { FieldsError } from '../../errors.ts';
import { type Row, rowIdOf, scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { type EncryptedModel, placeOf } from './models.ts';
import { isSequelizeMethod, type RawSqlGuard } from './raw-sql.ts';
import { Sealed } from './types.ts';

/** Values by column. */
export type Values = Record<string, unknown>;

/**
 * The columns of fields that are given a value.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (SQL for a value, or a value for a column of the encryption)
 */
function givenColumns(model: EncryptedModel, values: Values): string[] {
  const { table, hiddenColumns, clearColumns, names } = model;
  const written = Object.keys(values).find((column) => hiddenColumns.has(column));
  if (written !== undefined) throw unsupported(table, written, 'is written by the encryption alone');
  // Databases that do not mind how names are written would take it for the column of a field.
  const isMeant = (column: string) => !table.byColumn.has(column) && !clearColumns.includes(column);
  const mistaken = Object.keys(values).find((column) => names.has(column.toLowerCase()) && isMeant(column));
  if (mistaken !== undefined) throw unsupported(table, mistaken, 'is encrypted: name its column as it was declared');
  return [...table.byColumn].flatMap(([column, { name }]) => {
    if (isSequelizeMethod(values[column]))
      throw unsupported(table, name, 'is encrypted: the database has no value for it');
    return values[column] === undefined ? [] : column;
  });
}

/**
 * What is to be stored for values, indexes and all. Waits for keys.
 *
 * @param known Of the row, beside what the values say.
 */
export async function sealValues(
  model: EncryptedModel,
  values: Values,
  guard: RawSqlGuard,
  known: Row = {},
): Promise<Values> {
  const { table, cipher, fields } = model;
  const given = givenColumns(model, values);
  guard.refuseIn(values);
  const rest = Object.fromEntries(Object.entries(values).filter(([column]) => !given.includes(column)));
  if (given.length === 0) return rest;
  const row = { ...known, ...placeOf(model, values) };
  if (given.some((column) => table.byColumn.get(column)!.bind === 'row')) requireExactIds(model, row);
  const plain = Object.fromEntries(given.map((column) => [table.byColumn.get(column)!.name, values[column]]));
  await fields.ready(scopeOf(table, row, fields.defaultScope()));
  for (const [column, value] of Object.entries(cipher.sealRow(plain, { row }))) {
    // Sequelize asks no type for null.
    rest[column] = model.isTypedAsField(column) && value !== null ? new Sealed(value as Stored) : value;
  }
  return rest;
}

/** The database takes '07' for 7, but what is sealed for the one does not open as the other. */
function requireExactIds({ table, integerIds }: EncryptedModel, row: Row): void {
  for (const column of integerIds) {
    const id = row[column];
    if (typeof id === 'string' && !/^(0|-?[1-9]\d*)$/.test(id)) {
      throw unsupported(table, column, 'is a number: give it as one, or as the database writes it');
    }
  }
}

/** Options of a statement that may give back what it has written. */
export interface ReturningOptions {
  returning?: boolean | readonly string[] | undefined;
}

/**
 * Gives back what is not encrypted: instances have their plain values already, and keep them.
 *
 * @returns Options with a list of columns, where any are to be given back.
 */
export function withoutSealed<O extends ReturningOptions>(model: EncryptedModel, options: O): O {
  const { returning } = options;
  if (!returning) return options;
  const { clearColumns } = model;
  const listed =
    returning === true ? clearColumns : returning.filter((column) => !model.names.has(column.toLowerCase()));
  return { ...options, returning: listed.length > 0 ? listed : clearColumns };
}

/**
 * The columns that an update gives back, with what it takes to open them; undefined: it gives nothing back.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (Sequelize would take a plain column for the field that replaces it)
 */
export function openableReturning(model: EncryptedModel, { returning }: ReturningOptions): string[] | undefined {
  if (!returning) return undefined;
  const { table, cipher, placeColumns, clearColumns } = model;
  const asked = returning === true ? [...clearColumns, ...table.byColumn.keys()] : returning;
  const fields = asked.flatMap((name) => model.fieldOf(name) ?? []);
  const needed = fields.length === 0 ? [] : [...placeColumns, ...fields.flatMap(({ name }) => cipher.columnsOf(name))];
  const mistaken = needed.find((column) => model.hiddenColumns.has(column) && model.fieldOf(column));
  if (mistaken !== undefined)
    throw unsupported(table, mistaken, 'cannot be returned while it is migrated: find the row');
  const columns = asked.map((name) => model.fieldOf(name)?.column ?? name).filter((name) => !model.isHidden(name));
  return [...new Set([...columns, ...needed])];
}

/** What an upsert writes where the row is there already, and the columns that tell whether it is. */
export interface Overwriting {
  readonly columns: readonly string[];
  readonly target: readonly string[] | undefined;
}

/**
 * The columns that an upsert writes, indexes and all.
 *
 * @param given Columns that it writes of the application's.
 * @param target Columns that the application has named for it.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (it could change another row than it was sealed for)
 */
export function overwriting(
  { table, cipher }: EncryptedModel,
  given: readonly string[],
  target: readonly string[] | undefined,
  dialect: string,
): Overwriting {
  const written = given.flatMap((column) => table.byColumn.get(column) ?? []);
  if (written.length === 0) return { columns: given, target };
  const { name } = written[0]!;
  const isRowBound = written.some(({ bind }) => bind === 'row');
  const isById =
    target === undefined || (target.length === table.id.length && table.id.every((id) => target.includes(id)));
  if (isRowBound && (!isById || dialect === 'mysql' || dialect === 'mariadb')) {
    throw unsupported(table, name, `is bound to its row: an upsert of it is by ${table.id.join(', ')}`);
  }
  if (target?.some((column) => table.byColumn.has(column))) {
    throw unsupported(table, name, 'is encrypted: an upsert is by other columns');
  }
  if (typeof table.scope === 'object' && ![...given, ...(target ?? [])].includes(table.scope.column)) {
    throw unsupported(table, name, `is sealed for a tenant: an upsert of it writes ${table.scope.column} too`);
  }
  const others = given.filter((column) => !table.byColumn.has(column));
  return {
    columns: [...others, ...written.flatMap((field) => cipher.writtenColumnsOf(field.name))],
    target: isRowBound ? table.id : target,
  };
}

/** What is known of the row that an update is of. */
export interface UpdatedRow {
  readonly known: Row;
  /** The tenant, if it had to be asked for: the update is held to it. */
  readonly asked: Row;
}

/**
 * Finds out whose row an update is of, and refuses to move it.
 *
 * @param readScope Asks the database for the tenant of a row; undefined: there is none.
 * @throws FieldsError ERR_SCOPE_MISSING, ERR_UNSUPPORTED_QUERY
 */
export async function updatedRow(
  model: EncryptedModel,
  values: Values,
  known: Row,
  readScope: (column: string) => Promise<unknown>,
): Promise<UpdatedRow> {
  const { table } = model;
  const given = givenColumns(model, values);
  const sealing = given.filter((column) => values[column] !== null).map((column) => table.byColumn.get(column)!);
  let asked: Row = {};
  if (typeof table.scope === 'object' && known[table.scope.column] === undefined) {
    const { column } = table.scope;
    const isNeeded = sealing.length > 0 || values[column] !== undefined;
    if (isNeeded && rowIdOf(table, known) !== undefined) {
      const scope = await readScope(column);
      if (scope !== undefined && scope !== null) asked = { [column]: scope };
    } else if (sealing.length > 0 && sealing.every(({ bind }) => bind === 'column')) {
      const why = `several rows may be of several tenants: name the ${column} in the condition`;
      throw new FieldsError('ERR_SCOPE_MISSING', `${table.name}: ${why}`);
    }
  }
  const row = { ...known, ...asked };
  const moved = Object.entries(placeOf(model, values)).find(([column, value]) => String(value) !== String(row[column]));
  if (moved && given.length < table.byColumn.size) {
    throw unsupported(
      table,
      moved[0],
      'is what values are sealed for: with another one, write all encrypted fields too',
    );
  }
  return { known: row, asked };
}
