import {
  AndNode,
  ColumnNode,
  type DeleteQueryNode,
  type InsertQueryNode,
  ListNode,
  type OnConflictNode,
  type OperationNode,
  type OutputNode,
  ParensNode,
  QueryNode,
  RawNode,
  type ReturningNode,
  type SelectModifierNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  WhereNode,
} from 'kysely';
import { FieldsError } from '../../errors.ts';
import { unsupported } from '../../table-cipher.ts';
import { notAnswerable } from './conditions.ts';
import type { DeclaredTable, DeclaredTables } from './declared-tables.ts';
import { rewriteExpression } from './expressions.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import { sealInsert } from './inserts.ts';
import { columnNameOf, literalOf, mapChildren, someNode, tableNameOf } from './operation-nodes.ts';
import { readSources } from './query-sources.ts';
import type { Place, Rewriting, Rewritten, Usage } from './rewriting.ts';
import { rewriteSelections } from './selections.ts';
import {
  isEncrypted,
  NOTHING_SEALED,
  resolve,
  type Scope,
  type SealedColumn,
  type Shape,
  type Source,
  sourceNamed,
} from './sources.ts';
import { EXCLUDED, sealConflictUpdates, sealUpdates } from './updates.ts';
import { fieldNamed, type Given, writtenName } from './written-values.ts';

const NO_SCOPE: Scope = { sources: [], parent: undefined, withs: new Map(), known: new Map() };

/**
 * Rewrites a query so that the database meets sealed values and indexes only. What cannot be told is refused.
 *
 * @param originalOf What a query was before it was rewritten, if it was: subqueries that are made from the database, not
 *   from a callback, were.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY, and what sealing and searching throw
 */
export function rewriteQuery<N extends OperationNode>(
  root: N,
  tables: DeclaredTables,
  hidden: HiddenColumns,
  originalOf: (node: QueryNode) => QueryNode,
): N {
  let sources = 0;
  const rewriting: Rewriting = {
    tables,
    hidden,
    query: (node, place) => rewriteOne(originalOf(node), place, rewriting),
    visit: (node, scope, isFilter = false) => rewriteExpression(node, scope, isFilter, rewriting),
    sourceNamed: (name, shape) => sourceNamed(name, sources++, shape),
  };
  if (QueryNode.is(root)) {
    return rewriting.query(root, { parent: undefined, withs: new Map(), usage: {} }).node as unknown as N;
  }
  return RawNode.is(root) ? (rewriting.visit(root, NO_SCOPE) as unknown as N) : definition(root, rewriting);
}

/** Definitions of tables and indexes hold no values; a query in one would copy what is sealed to another place. */
function definition<N extends OperationNode>(node: N, rewriting: Rewriting): N {
  return mapChildren(node, (child) =>
    QueryNode.is(child) ? rewriting.visit(child, NO_SCOPE) : definition(child, rewriting),
  );
}

function rewriteOne(node: QueryNode, place: Place, rewriting: Rewriting): Rewritten {
  switch (node.kind) {
    case 'SelectQueryNode':
      return rewriteSelect(node, place, rewriting);
    case 'InsertQueryNode':
      return rewriteInsert(node, place, rewriting);
    case 'UpdateQueryNode':
      return rewriteUpdate(node, place, rewriting);
    case 'DeleteQueryNode':
      return rewriteDelete(node, place, rewriting);
    default:
      if (!rewriting.tables.areIn(node)) return { node, shape: NOTHING_SEALED };
      throw new FieldsError('ERR_UNSUPPORTED_QUERY', 'merge is not rewritten: insert, `on conflict do update`');
  }
}

function rewriteSelect(node: SelectQueryNode, place: Place, rewriting: Rewriting): Rewritten {
  const { scope, parts } = readSources(node, place, rewriting);
  const usage = usageOf(node, place.usage);
  const { selections, shape } = rewriteSelections(node.selections ?? [], scope, usage, rewriting);
  if (shape.whole || shape.sealed.size > 0) refusePositions(node);
  const named = withAliases(scope, shape);
  const byAlias = <C extends OperationNode>(of: C, isFilter = false) => rewriting.visit(of, named, isFilter) as C;
  return {
    node: mapChildren(node, (child) => rewriting.visit(child, scope), {
      ...parts,
      ...(node.selections && { selections }),
      ...(node.orderBy && { orderBy: byAlias(node.orderBy) }),
      ...(node.groupBy && { groupBy: byAlias(node.groupBy) }),
      ...(node.having && { having: byAlias(node.having, true) }),
      ...(node.distinctOn && { distinctOn: node.distinctOn.map((of) => byAlias(of)) }),
    }),
    shape,
  };
}

/** What a query does to its rows as a whole, for which a value sealed anew each time is never equal to another. */
function usageOf({ groupBy, setOperations, frontModifiers = [] }: SelectQueryNode, usage: Usage): Usage {
  const refuses = (what: string): Usage => ({ ...usage, refuses: `equal values are stored unequal, so ${what}` });
  if (groupBy) return refuses('they cannot be grouped');
  if (setOperations?.length) return refuses('sets of them cannot be combined');
  if (frontModifiers.some(isDistinct)) return refuses('`distinct` cannot tell them');
  return usage;
}

function isDistinct({ modifier, rawModifier }: SelectModifierNode): boolean {
  return modifier === 'Distinct' || (rawModifier !== undefined && someNode(rawModifier, isRawDistinct));
}

function isRawDistinct(node: OperationNode): boolean {
  return RawNode.is(node) && node.sqlFragments.some((text) => /\bdistinct/i.test(text));
}

/** Sorting by an alias of a sealed column would be sorting by it. */
function withAliases(scope: Scope, { sealed }: Shape): Scope {
  const aliases = new Map<string, SealedColumn>();
  for (const [name, column] of sealed) {
    if (name !== column.field.name.toLowerCase()) aliases.set(name, { ...column, columnFor: () => undefined });
  }
  if (aliases.size === 0) return scope;
  const source: Source = { name: '', table: TableNode.create(''), sealed: aliases };
  return { ...scope, sources: [...scope.sources, source] };
}

/** The list of columns is another one now. */
function refusePositions({ orderBy, groupBy }: SelectQueryNode): void {
  const items = [
    ...(orderBy?.items ?? []).map((item) => item.orderBy),
    ...(groupBy?.items ?? []).map((i) => i.groupBy),
  ];
  const isPosition = (item: OperationNode) =>
    literalOf(item) !== undefined || (RawNode.is(item) && /^\s*\d+\s*$/.test(item.sqlFragments.join('')));
  if (!items.some(isPosition)) return;
  throw new FieldsError('ERR_UNSUPPORTED_QUERY', 'name the column to sort or group by: it is not at its position');
}

function rewriteInsert(node: InsertQueryNode, place: Place, rewriting: Rewriting): Rewritten {
  const { scope, parts } = readSources(node, place, rewriting, node.into ? [node.into] : []);
  const visit = (child: OperationNode) => rewriting.visit(child, scope);
  const returned = rewriteReturning(node, scope, place, rewriting);
  const shared = { ...parts, ...returned.parts, ...(node.into && { into: node.into }) };
  const table = scope.sources[0]?.whole?.table;
  if (!table) return { node: mapChildren(node, visit, shared), shape: returned.shape };

  const { onConflict, onDuplicateKey, defaultValues } = node;
  for (const { column } of onDuplicateKey?.updates ?? []) requireNotField(column, table);
  const sealed = defaultValues ? undefined : sealInsert(node, table, visit);
  return {
    node: mapChildren(node, visit, {
      ...shared,
      ...(sealed && { columns: sealed.columns, values: sealed.values }),
      ...(onConflict && { onConflict: rewriteConflict(onConflict, table, sealed?.rows ?? [], scope, rewriting) }),
    }),
    shape: returned.shape,
  };
}

function rewriteConflict(
  node: OnConflictNode,
  table: DeclaredTable,
  rows: readonly Given[],
  scope: Scope,
  rewriting: Rewriting,
): OnConflictNode {
  const target = scope.sources[0]!;
  const inserted: Source = { ...target, name: 'excluded', table: EXCLUDED, isQualifiedOnly: true };
  const both = { ...scope, sources: [target, inserted] };
  const visit = (child: OperationNode) => rewriting.visit(child, both);
  const sealed = node.updates && sealConflictUpdates(node, table, rows, target.table, visit);
  const where = node.updateWhere && (rewriting.visit(node.updateWhere, both) as WhereNode);
  return mapChildren(node, visit, {
    ...(node.columns && { columns: node.columns.map(({ column }) => uniqueColumn(column.name, table)) }),
    ...(sealed && { updates: sealed.updates, ...whereAnd(where, sealed.condition, 'updateWhere') }),
  });
}

/** The column whose unique constraint keeps equal values apart. */
function uniqueColumn(column: string, table: DeclaredTable): ColumnNode {
  const name = writtenName(table, column);
  const field = fieldNamed(table, name);
  if (!field) return ColumnNode.create(column);
  const { cipher } = table;
  if (field.index?.isUnique) {
    const written = cipher.writtenColumnsOf(name);
    // Before its migration the field has no index yet, and one column in clear.
    const unique = written.includes(field.index.column) ? field.index.column : written[0]!;
    return ColumnNode.create(unique);
  }
  throw unsupported(cipher.table, name, "is encrypted: a conflict on it shows with `search: 'unique'` only");
}

/** MySQL does not say which of the keys was the duplicate, and so not which row is there. */
function requireNotField(column: OperationNode, table: DeclaredTable): void {
  const name = columnNameOf(column)?.name;
  if (name !== undefined && table.find(name) === undefined && !table.rowColumns.includes(name)) return;
  throw unsupported(table.cipher.table, name ?? '*', 'cannot be set `on duplicate key`: update the row by its id');
}

function rewriteUpdate(node: UpdateQueryNode, place: Place, rewriting: Rewriting): Rewritten {
  const targets = node.table ? (ListNode.is(node.table) ? node.table.items : [node.table]) : [];
  const { scope, parts } = readSources(node, place, rewriting, targets);
  const visit = (child: OperationNode) => rewriting.visit(child, scope);
  const returned = rewriteReturning(node, scope, place, rewriting);
  const target = scope.sources.slice(0, targets.length).find(({ whole }) => whole);
  const shared = { ...parts, ...returned.parts, ...(node.table && { table: node.table }) };
  for (const { column } of node.updates ?? []) requireOwnColumn(column, target ?? scope.sources[0], scope);
  if (!target) {
    // The columns that are set are the target's, whatever the other tables have.
    const updates = (node.updates ?? []).map((update) => ({ ...update, value: visit(update.value) }));
    return { node: mapChildren(node, visit, { ...shared, updates }), shape: returned.shape };
  }

  const { table } = target.whole!;
  if (targets.length > 1) throw unsupported(table.cipher.table, '*', 'is to be updated by itself, not with others');
  const qualifier = scope.sources.length > 1 ? target.table : undefined;
  const sealed = sealUpdates(node.updates ?? [], table, scope.known.get(target) ?? {}, qualifier, visit);
  return {
    node: mapChildren(node, visit, {
      ...shared,
      updates: sealed.updates,
      ...whereAnd(parts.where, sealed.condition, 'where'),
    }),
    shape: returned.shape,
  };
}

/** A column of another table is no column that the database would change, but it would be told the value. */
function requireOwnColumn(node: OperationNode, target: Source | undefined, scope: Scope): void {
  const column = columnNameOf(node);
  if (!column?.table || tableNameOf(column.table).toLowerCase() === target?.name) return;
  const found = resolve(column, scope);
  if (found) throw notAnswerable(found);
  const cipher = target?.whole?.table.cipher;
  if (cipher)
    throw unsupported(cipher.table, column.name, 'is to be set in another table than the one that is updated');
}

function rewriteDelete(node: DeleteQueryNode, place: Place, rewriting: Rewriting): Rewritten {
  const { from, ...others } = node;
  const { scope, parts } = readSources(others, place, rewriting, from.froms);
  const returned = rewriteReturning(node, scope, place, rewriting);
  return {
    node: mapChildren(node, (child) => rewriting.visit(child, scope), { ...parts, ...returned.parts, from }),
    shape: returned.shape,
  };
}

interface QueryWithReturning {
  readonly returning?: ReturningNode;
  readonly output?: OutputNode;
}

function rewriteReturning({ returning, output }: QueryWithReturning, scope: Scope, place: Place, rewriting: Rewriting) {
  if (output && scope.sources.some(isEncrypted)) {
    throw new FieldsError('ERR_UNSUPPORTED_QUERY', '`output` is not rewritten: read the row by a query of its own');
  }
  if (!returning) return { parts: {}, shape: NOTHING_SEALED };
  const { selections, shape } = rewriteSelections(returning.selections, scope, place.usage, rewriting);
  return { parts: { returning: { ...returning, selections } }, shape };
}

function whereAnd<K extends string>(where: WhereNode | undefined, condition: OperationNode | undefined, key: K) {
  if (!condition) return (where ? { [key]: where } : {}) as { [P in K]?: WhereNode };
  const both = where ? AndNode.create(ParensNode.create(where.where), condition) : condition;
  return { [key]: WhereNode.create(both) } as { [P in K]?: WhereNode };
}
