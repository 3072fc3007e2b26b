import {
  BinaryOperationNode,
  ColumnNode,
  ColumnUpdateNode,
  type OnConflictNode,
  type OperationNode,
  OperatorNode,
  ReferenceNode,
  TableNode,
  ValueNode,
} from 'kysely';
import { FieldsError } from '../../errors.ts';
import type { Row } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import { type Known, unsupported } from '../../table-cipher.ts';
import type { DeclaredTable } from './declared-tables.ts';
import { columnNameOf, literalOf, tableNameOf } from './operation-nodes.ts';
import { fieldNamed, type Given, storedValue, takeValue, writtenName } from './written-values.ts';

type Visit = (node: OperationNode) => OperationNode;

/** Changes as they are to be stored. */
export interface SealedUpdates {
  readonly updates: readonly ColumnUpdateNode[];
  /** To be met besides: the row is of the tenant whose keys have sealed the changes. Otherwise it would be lost. */
  readonly condition: OperationNode | undefined;
}

/**
 * Changes of an update.
 *
 * @param known What the conditions say of the row.
 * @param qualifier The table, where the query has several.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (not given by value), and what sealing throws
 */
export function sealUpdates(
  updates: readonly ColumnUpdateNode[],
  table: DeclaredTable,
  known: Row,
  qualifier: TableNode | undefined,
  visit: Visit,
): SealedUpdates {
  const { given, kept, copied } = split(updates, table, visit, false);
  requireSameRow(table, copied, (column, node) => isEqualText(literalOf(node)?.value, known[column]));
  const { scope } = table.cipher.table;
  const isSealed = Object.values(given).some((value) => value !== null);
  const isUnsaid = isSealed && typeof scope === 'object' && (known[scope.column] ?? null) === null;
  return {
    updates: [...kept, ...copied.values(), ...sealed(given, table, { row: known })],
    condition: isUnsaid
      ? equal(ReferenceNode.create(ColumnNode.create(scope.column), qualifier), ValueNode.create(table.scopeOf(known)))
      : undefined,
  };
}

/**
 * Changes of `on conflict do update`.
 *
 * @param rows What was to be inserted.
 * @param target The table's name in the query.
 * @throws FieldsError as `sealUpdates`; ERR_ROW_ID_MISSING where the row that is there may have another id
 */
export function sealConflictUpdates(
  node: OnConflictNode,
  table: DeclaredTable,
  rows: readonly Given[],
  target: TableNode,
  visit: Visit,
): SealedUpdates {
  const { cipher } = table;
  const { given, kept, copied, excluded } = split(node.updates ?? [], table, visit, true);
  const isById = isSameSet(node.columns?.map(({ column }) => column.name) ?? [], cipher.table.id);
  requireSameRow(table, copied, (column, value) => isExcluded(value, column) && (isById || isScope(table, column)));
  const updates = [...kept, ...copied.values()];
  if (Object.keys(given).length > 0) {
    const scopes = new Set(rows.map((row) => table.scopeOf(row)));
    if (scopes.size > 1) throw unsupported(cipher.table, Object.keys(given)[0]!, 'would be set for several tenants');
    const [scope] = scopes;
    const row = isById && rows.length === 1 ? { row: rows[0]! } : {};
    updates.push(...sealed(given, table, { scope, ...row }));
  }
  updates.push(...copyExcluded(excluded, table, isById));
  const { scope } = cipher.table;
  const guards = typeof scope === 'object' && updates.length > kept.length;
  return {
    updates,
    condition: guards
      ? equal(
          ReferenceNode.create(ColumnNode.create(scope.column), target),
          ReferenceNode.create(ColumnNode.create(scope.column), EXCLUDED),
        )
      : undefined,
  };
}

/** The row that was to be inserted. */
export const EXCLUDED = TableNode.create('excluded');

interface Split {
  readonly given: Given;
  /** Fields that are set to what was to be inserted. */
  readonly excluded: readonly ResolvedField[];
  /** Columns that say which row it is, and whose. */
  readonly copied: ReadonlyMap<string, ColumnUpdateNode>;
  readonly kept: readonly ColumnUpdateNode[];
}

function split(updates: readonly ColumnUpdateNode[], table: DeclaredTable, visit: Visit, hasExcluded: boolean): Split {
  const given: Given = {};
  const excluded: ResolvedField[] = [];
  const copied = new Map<string, ColumnUpdateNode>();
  const kept: ColumnUpdateNode[] = [];
  for (const update of updates) {
    const column = columnNameOf(update.column);
    if (!column) throw unsupported(table.cipher.table, '*', 'has encrypted columns: set columns by their plain names');
    const name = writtenName(table, column.name);
    const field = fieldNamed(table, name);
    if (!field) {
      const visited = ColumnUpdateNode.create(update.column, visit(update.value));
      if (table.rowColumns.includes(name)) copied.set(name, visited);
      else kept.push(visited);
    } else if (hasExcluded && isExcluded(update.value, field.name)) excluded.push(field);
    else takeValue(given, table, name, update.value);
  }
  return { given, excluded, copied, kept };
}

function sealed(given: Given, table: DeclaredTable, known: Known): ColumnUpdateNode[] {
  if (Object.keys(given).length === 0) return [];
  return Object.entries(table.cipher.sealRow(given, known)).map(([column, value]) =>
    ColumnUpdateNode.create(ColumnNode.create(column), storedValue(value)),
  );
}

function copyExcluded(excluded: readonly ResolvedField[], { cipher }: DeclaredTable, isById: boolean) {
  const { record, name: table } = cipher.table;
  const members = record && excluded.some(({ isInRecord }) => isInRecord) ? record.fields : [];
  const missing = members.filter((member) => !excluded.includes(member));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new FieldsError('ERR_RECORD_PARTIAL', `${table}: a record is sealed as a whole: set ${names} as well`);
  }
  const bound = [...excluded, ...members].find(({ bind }) => bind === 'row');
  if (bound && !isById) {
    const why = `a value is bound to its row: the conflict must be on ${cipher.table.id.join(', ')}, and on nothing else`;
    throw new FieldsError('ERR_ROW_ID_MISSING', `${table}.${bound.name}: ${why}`);
  }
  const columns = new Set(excluded.flatMap(({ name }) => cipher.writtenColumnsOf(name)));
  return [...columns].map((column) =>
    ColumnUpdateNode.create(ColumnNode.create(column), ReferenceNode.create(ColumnNode.create(column), EXCLUDED)),
  );
}

/** Values are bound to these columns, and would not open any more. */
function requireSameRow(
  table: DeclaredTable,
  copied: ReadonlyMap<string, ColumnUpdateNode>,
  isSame: (column: string, value: OperationNode) => boolean,
): void {
  for (const [column, { value }] of copied) {
    if (isSame(column, value)) continue;
    throw unsupported(table.cipher.table, column, 'cannot be changed: what is sealed in the row would open no more');
  }
}

function isExcluded(value: OperationNode, name: string): boolean {
  const column = columnNameOf(value);
  const isFromExcluded = column?.table && tableNameOf(column.table).toLowerCase() === 'excluded';
  return isFromExcluded === true && column!.name.toLowerCase() === name.toLowerCase();
}

function isScope({ cipher: { table } }: DeclaredTable, column: string): boolean {
  return typeof table.scope === 'object' && table.scope.column === column;
}

function isEqualText(one: unknown, other: unknown): boolean {
  return one !== undefined && one !== null && String(one) === String(other);
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && others.every((other) => some.includes(other));
}

function equal(left: OperationNode, right: OperationNode): OperationNode {
  return BinaryOperationNode.create(left, OperatorNode.create('='), right);
}
