import {
  AliasNode,
  IdentifierNode,
  type OperationNode,
  ReferenceNode,
  SelectAllNode,
  SelectionNode,
  type TableNode,
  ValueNode,
} from 'kysely';
import { FieldsError } from '../../errors.ts';
import { unsupported } from '../../table-cipher.ts';
import { storedColumn } from './conditions.ts';
import { type HiddenColumns, requireNotHidden } from './hidden-columns.ts';
import { columnNameOf, tableNameOf, unwrap } from './operation-nodes.ts';
import type { Rewriting, Usage } from './rewriting.ts';
import {
  type Found,
  isEncrypted,
  NOTHING_SEALED,
  resolve,
  type Scope,
  type SealedColumn,
  type Shape,
  type Source,
} from './sources.ts';

export interface Selected {
  readonly selections: readonly SelectionNode[];
  readonly shape: Shape;
}

/**
 * Replaces encrypted fields in a list of columns by what is needed to open them, under hidden names.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function rewriteSelections(
  selections: readonly SelectionNode[],
  scope: Scope,
  usage: Usage,
  { hidden, visit }: Pick<Rewriting, 'hidden' | 'visit'>,
): Selected {
  const kept: SelectionNode[] = [];
  const wanted = new Map<string, WantedRow>();
  const starred: Source[] = [];
  const named: NamedColumn[] = [];

  for (const selection of selections) {
    const { node, alias } = withoutAlias(selection.selection);
    const star = starOf(node);
    const column = columnNameOf(node);
    const found = column && resolve(column, scope);
    if (star) starred.push(...starredSources(star.table, scope));
    else named.push({ name: alias ?? column?.name, isRenamed: alias !== undefined, table: column?.table });
    if (!found) kept.push(star ? selection : SelectionNode.create(visit(selection.selection, scope) as Selectable));
    else if (usage.refuses === undefined) want(wanted, found, alias ?? column.name);
    else throw refusedField(found.column, usage.refuses);
  }

  const sealed = new Map<string, SealedColumn>();
  if (usage.ignoresColumns) return { selections: kept, shape: NOTHING_SEALED };
  const encrypted = starred.find(isEncrypted);
  const whole = encrypted?.whole;
  if (encrypted) {
    requireSoleStar(encrypted, starred.length, usage);
    for (const [name, column] of encrypted.sealed) sealed.set(name, column);
  }
  if (whole) {
    for (const column of named) requireOnce(column, encrypted, scope);
    kept.push(markStar(encrypted, hidden));
  }
  for (const row of wanted.values()) kept.push(...fetchRow(row, hidden, sealed));
  return { selections: kept, shape: { whole, sealed } };
}

type Selectable = SelectionNode['selection'];

/** A column of the result; what raw SQL calls its own is not known. */
interface NamedColumn {
  readonly name: string | undefined;
  readonly isRenamed: boolean;
  readonly table: TableNode | undefined;
}

/** A row of which fields are wanted, and what of. */
interface WantedRow {
  readonly found: Found;
  readonly columns: Map<string, { name: string; field: string }[]>;
  readonly fields: Map<string, SealedColumn>;
}

function want(wanted: Map<string, WantedRow>, found: Found, name: string): void {
  const { group, table, field } = found.column;
  const row = wanted.get(group) ?? { found, columns: new Map(), fields: new Map() };
  wanted.set(group, row);
  for (const column of table.rowColumns) if (!row.columns.has(column)) row.columns.set(column, []);
  for (const column of table.cipher.columnsOf(field.name)) {
    row.columns.set(column, [...(row.columns.get(column) ?? []), { name, field: field.name }]);
  }
  row.fields.set(name.toLowerCase(), found.column);
}

function fetchRow(row: WantedRow, hidden: HiddenColumns, sealed: Map<string, SealedColumn>): SelectionNode[] {
  const { found, columns, fields } = row;
  const { table, group } = found.column;
  const hiddenNames = new Map<string, string>();
  const fetched = [...columns].map(([stored, outputs]) => {
    const name = hidden.nameOf({ table, group, stored, outputs });
    hiddenNames.set(stored, name);
    return aliased(storedColumn(found, stored), name);
  });
  for (const [name, { field }] of fields) {
    sealed.set(name, { table, field, group, columnFor: (stored) => hiddenNames.get(stored) });
  }
  return fetched;
}

/** The result has all columns of a table, as they are stored: a hidden one says so. */
function markStar({ whole }: Source, hidden: HiddenColumns): SelectionNode {
  return aliased(ValueNode.createImmediate(1), hidden.nameOf({ ...whole!, stored: undefined, outputs: [] }));
}

function aliased(node: OperationNode, name: string): SelectionNode {
  return SelectionNode.create(AliasNode.create(node, IdentifierNode.create(name)));
}

/** Columns of several tables could have one name in the result, and then nobody can tell whose it is. */
function requireSoleStar(source: Source, starred: number, { refuses }: Usage): void {
  const { table } = (source.whole?.table ?? source.sealed.values().next().value!.table).cipher;
  if (refuses !== undefined) throw unsupported(table, '*', `has encrypted columns: ${refuses}`);
  if (starred > 1) throw unsupported(table, '*', 'has encrypted columns: beside other tables name the columns');
}

/** A column beside all those of a table must not stand in the place of one that it takes to open the row. */
function requireOnce({ name, isRenamed, table: qualifier }: NamedColumn, source: Source, scope: Scope): void {
  const isOwn = qualifier ? tableNameOf(qualifier).toLowerCase() === source.name : scope.sources.length === 1;
  if (name !== undefined && !isRenamed && isOwn) return;
  const { cipher, find, rowColumns } = source.whole!.table;
  if (name === undefined)
    throw unsupported(cipher.table, '*', 'has encrypted columns: give raw SQL beside it an alias');
  const isNeeded = find(name) !== undefined || rowColumns.some((own) => own.toLowerCase() === name.toLowerCase());
  if (isNeeded) throw unsupported(cipher.table, name, 'is selected twice: give the other one another name');
}

function refusedField({ table, field }: SealedColumn, why: string): FieldsError {
  return unsupported(table.cipher.table, field.name, `is encrypted: ${why}`);
}

function withoutAlias(selection: OperationNode): { node: OperationNode; alias: string | undefined } {
  if (!AliasNode.is(selection)) return { node: unwrap(selection), alias: undefined };
  const alias = unwrap(selection.alias);
  if (!IdentifierNode.is(alias)) {
    throw new FieldsError('ERR_UNSUPPORTED_QUERY', 'give columns their aliases as plain names, not as raw SQL');
  }
  requireNotHidden(alias.name);
  return { node: unwrap(selection.node), alias: alias.name };
}

function starOf(node: OperationNode): { readonly table: TableNode | undefined } | undefined {
  if (SelectAllNode.is(node)) return { table: undefined };
  return ReferenceNode.is(node) && SelectAllNode.is(node.column) ? { table: node.table } : undefined;
}

function starredSources(table: TableNode | undefined, scope: Scope): readonly Source[] {
  if (!table) return scope.sources;
  const name = tableNameOf(table);
  const source = scope.sources.find((candidate) => candidate.name === name.toLowerCase());
  if (source) return [source];
  throw new FieldsError('ERR_UNSUPPORTED_QUERY', `${name}.* is of no table that this part of the query is from`);
}
