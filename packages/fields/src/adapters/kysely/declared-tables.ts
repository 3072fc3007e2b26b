import { IdentifierNode, type OperationNode, RawNode } from 'kysely';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { type Row, scopeOf } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { someNode } from './operation-nodes.ts';

/** A declared table, with what its names stand for. */
export interface DeclaredTable {
  readonly cipher: TableCipher;
  /** Columns that say which row it is and whose: without them nothing opens. */
  readonly rowColumns: readonly string[];
  /** Whose keys seal a row. @throws FieldsError ERR_SCOPE_MISSING */
  scopeOf(row: Row): string;
  /** A field, or `stored` for a column of encrypted data that the application has no name for. */
  find(name: string): ResolvedField | 'stored' | undefined;
}

/** Which tables are declared. Letter case is ignored in all names, as SQLite and MySQL do: `EMAIL` is `email`. */
export interface DeclaredTables {
  find(table: string): DeclaredTable | undefined;
  /** Whether a query has anything to do with them; over-cautious where it has raw SQL. */
  areIn(node: OperationNode): boolean;
}

/** @throws FieldsError ERR_DECLARATION (two tables of one name in different schemas) */
export function declaredTables(fields: Fields): DeclaredTables {
  const byName = new Map<string, DeclaredTable>();
  for (const table of fields.tables) {
    // The schema is left out: a query may name it or leave it to the search path.
    const name = table.table.slice(table.table.lastIndexOf('.') + 1).toLowerCase();
    if (byName.has(name)) throw new FieldsError('ERR_DECLARATION', `two tables are called ${name} in the database`);
    byName.set(name, declaredTable(fields.table(table), fields));
  }
  const escaped = [...byName.keys()].map((name) => name.replace(/[^\w]/g, '\\$&'));
  const inText = new RegExp(`(?<![\\w$])(?:${escaped.join('|')})(?![\\w$])`, 'i');
  const find = (name: string) => byName.get(name.toLowerCase());

  function isMention(node: OperationNode): boolean {
    if (IdentifierNode.is(node)) return find(node.name) !== undefined;
    return RawNode.is(node) && node.sqlFragments.some((text) => inText.test(text));
  }
  return { find, areIn: (node) => byName.size > 0 && someNode(node, isMention) };
}

function declaredTable(cipher: TableCipher, { defaultScope }: Fields): DeclaredTable {
  const { table } = cipher;
  const fields = Object.values(table.fields);
  const names = new Map<string, ResolvedField | 'stored'>();
  for (const { column, isInRecord, plainColumn } of fields) {
    if (!isInRecord) names.set(column.toLowerCase(), 'stored');
    if (plainColumn !== undefined) names.set(plainColumn.toLowerCase(), 'stored');
  }
  for (const hidden of table.hiddenColumns) names.set(hidden.toLowerCase(), 'stored');
  // Last: a field may have the name of the plain column that it replaces.
  for (const field of fields) names.set(field.name.toLowerCase(), field);
  // Where everything is bound to its column only, the table may have no id.
  const isRowBound = table.bindFloor === 'row' || fields.some(({ bind }) => bind === 'row');
  return {
    cipher,
    rowColumns: [...(isRowBound ? table.id : []), ...(typeof table.scope === 'object' ? [table.scope.column] : [])],
    scopeOf: (row) => scopeOf(table, row, defaultScope()),
    find: (name) => names.get(name.toLowerCase()),
  };
}
