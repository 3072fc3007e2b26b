import { type Column, getTableColumns, getTableName, type Table } from 'drizzle-orm';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { type Mark, markOf } from './columns.ts';
import type { Dialect } from './internals.ts';

/** A Drizzle table that has encrypted columns. */
export interface BoundTable {
  readonly cipher: TableCipher;
  /** By name in the database; of an alias, its own. */
  columnsOf(table: Table): ReadonlyMap<string, Column>;
  /** Columns that tell whose and which a row is: its id, and the scope. */
  readonly context: readonly string[];
}

/** Finds out which tables are encrypted. */
export interface BoundTables {
  /** undefined: none of its columns is. @throws FieldsError ERR_DECLARATION, ERR_FIELD_UNKNOWN */
  of(table: Table): BoundTable | undefined;
  ofMark(mark: Mark): BoundTable;
  nameOf(column: Column): string;
}

/** Tables of a database. */
export function boundTables(fields: Fields, dialect: Dialect): BoundTables {
  const nameOf = (column: Column) => dialect.casing.getColumnCasing(column);
  const columnsOf = (table: Table) =>
    new Map(Object.values(getTableColumns(table)).map((column) => [nameOf(column), column]));
  const checked = new WeakSet<object>();

  function ofMark({ table }: Mark): BoundTable {
    const scope = typeof table.scope === 'object' ? [table.scope.column] : [];
    return { cipher: fields.table(table), columnsOf, context: [...table.id, ...scope] };
  }

  /** Once for each table: aliases have the columns of the original, or are those of a subquery. */
  function check(table: Table, mark: Mark, bound: BoundTable): void {
    if (checked.has(table)) return;
    const declared = mark.table;
    const refuse = (problem: string) => {
      throw new FieldsError('ERR_DECLARATION', `${declared.name}: the Drizzle table ${problem}`);
    };
    if (getTableName(table) !== declared.table) refuse(`is not called ${declared.table}`);
    const columns = columnsOf(table);
    const absent = bound.context.find((column) => !columns.has(column));
    if (absent !== undefined) refuse(`has no column ${absent}`);
    for (const [name, column] of columns) {
      const own = markOf(column);
      if (!own) continue;
      if (own.table !== declared) refuse('has columns of two declared tables');
      if (column.default !== undefined || column.generated !== undefined || column.onUpdateFn !== undefined) {
        refuse(`has a default for ${name} in clear: use $defaultFn`);
      }
    }
    checked.add(table);
  }

  return {
    nameOf,
    ofMark,
    of(table) {
      const mark = Object.values(getTableColumns(table)).map(markOf).find(Boolean);
      if (!mark) return undefined;
      const bound = ofMark(mark);
      check(table, mark, bound);
      return bound;
    },
  };
}
