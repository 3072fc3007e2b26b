import { type OperationNode, ParensNode, RawNode, type TableNode, ValueNode } from 'kysely';

/** What values are in: they are the application's, and may look like nodes without being any. */
const LEAVES: ReadonlySet<string> = new Set(['ValueNode', 'PrimitiveValueListNode']);

type Visit = (child: OperationNode) => OperationNode;

/**
 * The node with each child replaced by what `visit` makes of it; the same node where nothing changes.
 *
 * @param replaced Parts that are done already.
 */
export function mapChildren<N extends OperationNode>(node: N, visit: Visit, replaced?: Partial<N>): N {
  if (LEAVES.has(node.kind)) return node;
  let changed: Record<string, unknown> | undefined;
  if (replaced) changed = { ...node, ...replaced };
  for (const [key, value] of Object.entries(node)) {
    if (replaced && Object.hasOwn(replaced, key)) continue;
    const mapped = mapValue(value, visit);
    if (mapped === value) continue;
    changed = { ...(changed ?? node), [key]: mapped };
  }
  return (changed as N | undefined) ?? node;
}

function mapValue(value: unknown, visit: Visit): unknown {
  if (isNode(value)) return visit(value);
  if (!Array.isArray(value)) return value;
  const mapped = value.map((item: unknown) => mapValue(item, visit));
  return mapped.some((item, at) => item !== value[at]) ? mapped : value;
}

/** Whether a node or any below it is what is looked for. Every query pays for this one: hence the plain loops. */
export function someNode(node: OperationNode, matches: (node: OperationNode) => boolean): boolean {
  if (matches(node)) return true;
  if (LEAVES.has(node.kind)) return false;
  for (const key in node) {
    const value: unknown = node[key as keyof OperationNode];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item) && someNode(item, matches)) return true;
    } else if (isNode(value) && someNode(value, matches)) return true;
  }
  return false;
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

/** A node without what only wraps it: parentheses, and the raw node that `sql.ref` and `sql.val` make. */
export function unwrap(node: OperationNode): OperationNode {
  if (ParensNode.is(node)) return unwrap(node.node);
  if (RawNode.is(node) && node.parameters.length === 1 && node.sqlFragments.every((text) => text.trim() === '')) {
    return unwrap(node.parameters[0]!);
  }
  return node;
}

/** A column as a query names it. */
export interface ColumnName {
  readonly name: string;
  readonly table: TableNode | undefined;
}

/** The column that a node names, if that is all it does. */
export function columnNameOf(wrapped: OperationNode): ColumnName | undefined {
  const node = unwrap(wrapped) as { kind: string; column?: { kind: string; name?: string; column?: { name: string } } };
  if (node.kind === 'ColumnNode') return { name: node.column!.name!, table: undefined };
  if (node.kind !== 'ReferenceNode' || node.column?.kind !== 'ColumnNode') return undefined;
  return { name: node.column.column!.name, table: (node as { table?: TableNode }).table };
}

/** The value that a node stands for, if it is one; wrapped, since it may be undefined. */
export function literalOf(wrapped: OperationNode): { readonly value: unknown } | undefined {
  const node = unwrap(wrapped);
  return ValueNode.is(node) ? { value: node.value } : undefined;
}

/** Name of a table, without its schema. */
export function tableNameOf(node: TableNode): string {
  return node.table.identifier.name;
}
