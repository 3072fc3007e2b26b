import {
  AliasNode,
  type CommonTableExpressionNode,
  FromNode,
  IdentifierNode,
  type JoinNode,
  type OperationNode,
  QueryNode,
  TableNode,
  UsingNode,
  type WhereNode,
  type WithNode,
} from 'kysely';
import { FieldsError } from '../../errors.ts';
import { knownRows } from './conditions.ts';
import { tableNameOf, unwrap } from './operation-nodes.ts';
import type { Place, Rewriting, Rewritten } from './rewriting.ts';
import { isEncrypted, NOTHING_SEALED, type Scope, type Shape, type Source } from './sources.ts';

/** The parts of a query that say which tables it is about. */
interface QueryWithSources {
  readonly with?: WithNode;
  readonly from?: FromNode;
  readonly using?: UsingNode;
  readonly joins?: readonly JoinNode[];
  readonly where?: WhereNode;
}

/** What the names in a query mean, and its parts that say so, rewritten. */
export interface QuerySources {
  readonly scope: Scope;
  readonly parts: { -readonly [K in keyof QueryWithSources]: QueryWithSources[K] };
}

const LATERAL: ReadonlySet<string> = new Set([
  'LateralInnerJoin',
  'LateralLeftJoin',
  'LateralCrossJoin',
  'OuterApply',
  'CrossApply',
]);

/** @param targets Tables that are written to, and named elsewhere in the node. */
export function readSources(
  node: QueryWithSources,
  place: Place,
  rewriting: Rewriting,
  targets: readonly OperationNode[] = [],
): QuerySources {
  const parts: QuerySources['parts'] = {};
  const inner = node.with ? readWiths(node.with, place, rewriting) : { ...place, node: undefined };
  if (inner.node) parts.with = inner.node;
  const sources: Source[] = targets.map((target) => targetOf(target, rewriting));
  const scopeSoFar = (): Scope => ({ sources, parent: place.parent, withs: inner.withs, known: new Map() });

  /** @param seen What a subquery can name. */
  function read(item: OperationNode, seen: Scope | undefined): OperationNode {
    const [rewritten, source] = readSource(item, { parent: seen, withs: inner.withs, usage: {} }, rewriting);
    sources.push(source);
    return rewritten;
  }
  if (node.from) parts.from = FromNode.create(node.from.froms.map((item) => read(item, place.parent)));
  if (node.using) parts.using = UsingNode.create(node.using.tables.map((item) => read(item, place.parent)));
  const joins = node.joins?.map((join) => ({
    ...join,
    table: read(join.table, LATERAL.has(join.joinType) ? { ...scopeSoFar(), sources: [...sources] } : place.parent),
  }));

  const scope = { ...scopeSoFar(), known: knownRows(node.where?.where, scopeSoFar()) };
  const condition = <C extends OperationNode>(of: C) => rewriting.visit(of, scope, true) as C;
  if (joins) parts.joins = joins.map((join) => (join.on ? { ...join, on: condition(join.on) } : join));
  if (node.where) parts.where = condition(node.where);
  return { scope, parts };
}

function readSource(item: OperationNode, place: Place, rewriting: Rewriting): [OperationNode, Source] {
  if (TableNode.is(item)) return [item, rewriting.sourceNamed(tableNameOf(item), shapeOf(item, place, rewriting))];
  if (!AliasNode.is(item)) {
    return [rewriting.visit(item, scopeAround(place)), rewriting.sourceNamed('', NOTHING_SEALED)];
  }
  const { node, shape } = TableNode.is(item.node)
    ? { node: item.node, shape: shapeOf(item.node, place, rewriting) }
    : readQuery(item.node, place, rewriting);
  const alias = unwrap(item.alias);
  if (!IdentifierNode.is(alias) && isEncrypted(shape)) throw refused('give a subquery its alias as a plain name');
  const name = IdentifierNode.is(alias) ? alias.name : '';
  return [AliasNode.create(node, item.alias), rewriting.sourceNamed(name, shape)];
}

function readQuery(node: OperationNode, place: Place, rewriting: Rewriting): Rewritten {
  if (QueryNode.is(node)) return rewriting.query(node, place);
  return { node: rewriting.visit(node, scopeAround(place)), shape: NOTHING_SEALED };
}

function scopeAround({ parent, withs }: Place): Scope {
  return { sources: [], parent, withs, known: new Map() };
}

function readWiths(node: WithNode, place: Place, rewriting: Rewriting) {
  let withs = place.withs;
  const expressions = node.expressions.map((expression): CommonTableExpressionNode => {
    const name = tableNameOf(expression.name.table).toLowerCase();
    if (node.recursive) withs = new Map(withs).set(name, NOTHING_SEALED);
    const body = readQuery(expression.expression, { parent: place.parent, withs, usage: {} }, rewriting);
    if (expression.name.columns && isEncrypted(body.shape)) {
      throw refused('leave out the column names of a `with` that has encrypted columns');
    }
    withs = new Map(withs).set(name, body.shape);
    return { ...expression, expression: body.node };
  });
  return { withs, node: { ...node, expressions } };
}

function shapeOf(node: TableNode, { withs }: Place, { tables }: Rewriting): Shape {
  const name = tableNameOf(node);
  const defined = node.table.schema ? undefined : withs.get(name.toLowerCase());
  if (defined) return defined;
  const table = tables.find(name);
  return table ? { whole: { table, group: name.toLowerCase() }, sealed: new Map() } : NOTHING_SEALED;
}

/** A table that is written to: a `with` of its name does not stand before it. */
function targetOf(item: OperationNode, rewriting: Rewriting): Source {
  const [, source] = readSource(item, { parent: undefined, withs: new Map(), usage: {} }, rewriting);
  return source;
}

function refused(how: string): FieldsError {
  return new FieldsError('ERR_UNSUPPORTED_QUERY', how);
}
