import {
  ColumnNode,
  DefaultInsertValueNode,
  type InsertQueryNode,
  type OperationNode,
  PrimitiveValueListNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from 'kysely';
import { FieldsError } from '../../errors.ts';
import { unsupported } from '../../table-cipher.ts';
import type { DeclaredTable } from './declared-tables.ts';
import { unwrap } from './operation-nodes.ts';
import { fieldNamed, type Given, storedValue, takeValue, writtenName } from './written-values.ts';

/** Rows to insert as they are to be stored. */
export interface SealedInsert {
  readonly columns: readonly ColumnNode[];
  readonly values: ValuesNode;
  /** What was given of each row. */
  readonly rows: readonly Given[];
}

/** @throws FieldsError ERR_UNSUPPORTED_QUERY (not given by value), and what sealing throws */
export function sealInsert(
  node: InsertQueryNode,
  table: DeclaredTable,
  visit: (node: OperationNode) => OperationNode,
): SealedInsert {
  const { cipher } = table;
  const names = node.columns?.map(({ column }) => writtenName(table, column.name));
  const list = node.values && unwrap(node.values);
  if (!names || !list || !ValuesNode.is(list)) {
    throw unsupported(cipher.table, '*', 'has encrypted columns: rows are inserted by value, not from a query');
  }
  const hasFields = names.some((name) => fieldNamed(table, name));
  const rows = list.values.map((values) => {
    const given: Given = {};
    const expressions = new Map<string, OperationNode>();
    for (const [at, item] of itemsOf(values).entries()) {
      const name = names[at]!;
      if (DefaultInsertValueNode.is(item) || takeValue(given, table, name, item)) continue;
      expressions.set(name, visit(item));
    }
    if (!hasFields) return { given, expressions, stored: given };
    nameScope(given, table, expressions);
    return { given, expressions, stored: cipher.sealRow(given) };
  });

  const columns = new Set(rows.flatMap((row) => [...Object.keys(row.stored), ...row.expressions.keys()]));
  const stored = rows.map((row) =>
    ValueListNode.create(
      [...columns].map((column) => {
        if (Object.hasOwn(row.stored, column)) return storedValue(row.stored[column]);
        return row.expressions.get(column) ?? DefaultInsertValueNode.create();
      }),
    ),
  );
  return {
    columns: [...columns].map((column) => ColumnNode.create(column)),
    values: ValuesNode.create(stored),
    rows: rows.map(({ given }) => given),
  };
}

/** The row says whose keys have sealed it, or nobody would know later. */
function nameScope(given: Given, table: DeclaredTable, expressions: ReadonlyMap<string, OperationNode>): void {
  const { scope, name } = table.cipher.table;
  if (typeof scope !== 'object' || (given[scope.column] ?? null) !== null) return;
  if (!expressions.has(scope.column)) {
    Object.defineProperty(given, scope.column, { value: table.scopeOf(given), enumerable: true });
  } else
    throw new FieldsError('ERR_SCOPE_MISSING', `${name}: give ${scope.column} by value: it says whose keys to use`);
}

function itemsOf(values: ValuesNode['values'][number]): readonly OperationNode[] {
  return PrimitiveValueListNode.is(values) ? values.values.map((value) => ValueNode.create(value)) : values.values;
}
