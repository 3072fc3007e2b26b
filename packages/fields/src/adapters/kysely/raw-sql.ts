import { IdentifierNode, type OperationNode, type RawNode } from 'kysely';
import { FieldsError } from '../../errors.ts';
import type { DeclaredTables } from './declared-tables.ts';
import { columnNameOf, tableNameOf } from './operation-nodes.ts';
import { isEncrypted, isEncryptedSource, isSource, resolve, type Scope } from './sources.ts';

const WORDS = /[\p{L}_][\p{L}\p{N}_$]*/gu;
/** After the name of a table: a column of it, which is looked at by itself. */
const COLUMN_FOLLOWS = /^["`\]]?\s*\.(?!\s*\*)/;

/**
 * Refuses raw SQL that names a declared table or a column of encrypted data. It goes by words alone: it does not know
 * SQL, and does not see what a view, a function or a name that is put together hides.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function checkRawSql({ sqlFragments, parameters }: RawNode, scope: Scope, tables: DeclaredTables): void {
  for (const [at, text] of sqlFragments.entries()) {
    for (const { 0: word, index } of text.matchAll(WORDS)) check(word, text.slice(index + word.length));
    const parameter = parameters[at];
    const name = parameter && nameOf(parameter, scope);
    if (name !== undefined) check(name, sqlFragments[at + 1] ?? '');
  }
  const isStar = parameters.length === 0 && sqlFragments.join('').trim() === '*';
  if (isStar && scope.sources.some(isEncrypted)) throw refused('all columns');

  function check(name: string, next: string): void {
    const isTable = tables.find(name) !== undefined || isEncryptedSource(name, scope);
    if (isTable ? !COLUMN_FOLLOWS.test(next) : isField(name, scope)) throw refused(name);
  }
}

/** The name that a part of raw SQL is. `sql.ref` makes a column, which may stand for a table. */
function nameOf(parameter: OperationNode, scope: Scope): string | undefined {
  if (IdentifierNode.is(parameter)) return parameter.name;
  const column = columnNameOf(parameter);
  const isColumn = column?.table && isSource(tableNameOf(column.table), scope);
  return isColumn ? undefined : column?.name;
}

function isField(name: string, scope: Scope): boolean {
  try {
    return resolve({ name, table: undefined }, scope) !== undefined;
  } catch {
    return true; // several tables have it, or it is stored beside a field
  }
}

function refused(what: string): FieldsError {
  const how = 'write it with the query builder, or run it on `db.withoutPlugins()` and open rows with `openRow`';
  return new FieldsError('ERR_UNSUPPORTED_QUERY', `raw SQL names ${what}, where there is encrypted data: ${how}`);
}
