import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  PrimitiveValueListNode,
  RawNode,
  ReferenceNode,
  ValueListNode,
  ValueNode,
} from 'kysely';
import type { FieldsError } from '../../errors.ts';
import type { Row } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { columnNameOf, literalOf, someNode, tableNameOf, unwrap } from './operation-nodes.ts';
import { type Found, resolve, type Scope, type Source } from './sources.ts';

const ONLY = 'is encrypted: only = and in with values, is null and is not null can be asked of it';

/** The error of anything else that a query does with a field. */
export function notAnswerable({ column: { table, field } }: Found): FieldsError {
  return unsupported(table.cipher.table, field.name, ONLY);
}

/**
 * What to ask the database instead of a comparison with a field.
 *
 * @param isFilter Whether rows for which it does not hold are just left out. Under `not` or in `case` they are not: there
 *   an index that is being rotated would give wrong answers.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY, and what a search throws
 */
export function rewriteCondition(node: BinaryOperationNode, found: Found, scope: Scope, isFilter: boolean) {
  const operator = OperatorNode.is(node.operator) ? node.operator.operator : undefined;
  if (operator === 'is' || operator === 'is not') {
    if (literalOf(node.rightOperand)?.value !== null) throw notAnswerable(found);
    return nullCheck(found, operator);
  }
  const values = operator === 'in' ? listOf(node.rightOperand) : isEqual(operator) && singleOf(node.rightOperand);
  if (!values) throw notAnswerable(found);
  return equality(found, values, scope.known.get(found.source), isFilter);
}

function isEqual(operator: string | undefined): boolean {
  return operator === '=' || operator === '==';
}

function singleOf(node: OperationNode): readonly unknown[] | undefined {
  const literal = literalOf(node);
  return literal && [literal.value];
}

function listOf(wrapped: OperationNode): readonly unknown[] | undefined {
  const node = unwrap(wrapped);
  if (PrimitiveValueListNode.is(node)) return node.values;
  if (!ValueListNode.is(node)) return undefined;
  const literals = node.values.map(literalOf);
  return literals.some((literal) => !literal) ? undefined : literals.map((literal) => literal!.value);
}

function equality(found: Found, values: readonly unknown[], row: Row | undefined, isFilter: boolean): OperationNode {
  const { table, field } = found.column;
  const refused = (problem: string) => unsupported(table.cipher.table, field.name, problem);
  if (!field.index) throw refused('is encrypted and was declared without `search`');
  if (!isFilter) throw refused('can be searched in a plain condition only: not under `not`, in `case` or as a value');
  const columns = new Map<string, unknown[]>();
  for (const value of values) {
    const { alternatives, isExact } = table.cipher.search(field.name, value, row && { row });
    if (!isExact) {
      throw refused('has a shortened index, which finds rows too many: search, open and `keepMatches` by hand');
    }
    for (const { column, values: stored } of alternatives) {
      columns.set(column, [...(columns.get(column) ?? []), ...stored]);
    }
  }
  const conditions: OperationNode[] = [...columns].map(([column, stored]) =>
    BinaryOperationNode.create(
      storedColumn(found, column),
      OperatorNode.create('in'),
      PrimitiveValueListNode.create(stored),
    ),
  );
  if (conditions.length === 0) return NEVER;
  if (conditions.length === 1) return conditions[0]!;
  return ParensNode.create(conditions.reduce((any, one) => OrNode.create(any, one)));
}

/** `in` of nothing. */
const NEVER = BinaryOperationNode.create(
  ValueNode.createImmediate(1),
  OperatorNode.create('='),
  ValueNode.createImmediate(0),
);

function nullCheck(found: Found, operator: 'is' | 'is not'): OperationNode {
  const { table, field } = found.column;
  if (field.isInRecord) {
    throw unsupported(table.cipher.table, field.name, 'is sealed with its record: nobody sees whether it is null');
  }
  const checks: OperationNode[] = table.cipher
    .columnsOf(field.name)
    .map((column) =>
      BinaryOperationNode.create(
        storedColumn(found, column),
        OperatorNode.create(operator),
        ValueNode.createImmediate(null),
      ),
    );
  const both = operator === 'is' ? AndNode.create : OrNode.create;
  return ParensNode.create(checks.reduce((all, one) => both(all, one)));
}

/** A column of the field's table, as the query must call it. */
export function storedColumn({ column, qualifier }: Found, stored: string): ReferenceNode {
  const name = column.columnFor(stored);
  if (name !== undefined) return ReferenceNode.create(ColumnNode.create(name), qualifier);
  const { table, field } = column;
  throw unsupported(table.cipher.table, field.name, 'is out of reach here: put the condition where its table is named');
}

/** Values that the conditions demand of the columns that say which row it is, and whose. */
export function knownRows(where: OperationNode | undefined, scope: Scope): Map<Source, Record<string, unknown>> {
  const known = new Map<Source, Record<string, unknown>>();
  for (const condition of (where && conjuncts(where)) ?? []) {
    if (!BinaryOperationNode.is(condition) || !OperatorNode.is(condition.operator)) continue;
    const { operator } = condition.operator;
    const values = operator === 'in' ? listOf(condition.rightOperand) : undefined;
    const literal = isEqual(operator)
      ? literalOf(condition.rightOperand)
      : values?.length === 1 && { value: values[0] };
    const named = literal && columnNameOf(condition.leftOperand);
    if (!named || resolve(named, scope)) continue;
    const wanted = named.table && tableNameOf(named.table).toLowerCase();
    const sources = scope.sources.filter(({ name }) => wanted === undefined || name === wanted);
    const source = sources.length === 1 ? sources[0]! : undefined;
    const column = source?.whole?.table.rowColumns.find((own) => own.toLowerCase() === named.name.toLowerCase());
    if (source && column !== undefined) known.set(source, { [column]: literal.value, ...known.get(source) });
  }
  return known;
}

/** The scope inside of an `and`: what it demands is known there besides, as in `or (tenant_id = … and email = …)`. */
export function insideAnd(node: OperationNode, scope: Scope): Scope {
  const known = new Map(scope.known);
  for (const [source, row] of knownRows(node, scope)) known.set(source, { ...known.get(source), ...row });
  return { ...scope, known };
}

/** Conditions that must all hold; undefined where something without parentheses around it may be an `or`. */
function conjuncts(node: OperationNode): readonly OperationNode[] | undefined {
  if (ParensNode.is(node)) return conjuncts(node.node) ?? [];
  if (OrNode.is(node) || someNode(node, hasRawOr)) return undefined;
  if (!AndNode.is(node)) return [node];
  const [left, right] = [conjuncts(node.left), conjuncts(node.right)];
  return left && right && [...left, ...right];
}

function hasRawOr(node: OperationNode): boolean {
  return RawNode.is(node) && node.sqlFragments.some((text) => /\bor\b|\|\||--|\/\*/i.test(text));
}
