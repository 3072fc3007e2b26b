import {
  type BinaryOperationNode,
  type OperationNode,
  OperatorNode,
  QueryNode,
  type RawNode,
  ReferenceNode,
  SelectAllNode,
  type SelectModifierNode,
  type TableNode,
  type UnaryOperationNode,
} from 'kysely';
import { insideAnd, notAnswerable, rewriteCondition } from './conditions.ts';
import { columnNameOf, mapChildren, tableNameOf, unwrap } from './operation-nodes.ts';
import { checkRawSql } from './raw-sql.ts';
import type { Rewriting, Usage } from './rewriting.ts';
import { isEncryptedSource, resolve, type Scope, wholeRow } from './sources.ts';

export const IN_AN_EXPRESSION: Usage = { refuses: 'load it by a query of its own, not inside an expression' };
const IN_EXISTS: Usage = { ...IN_AN_EXPRESSION, ignoresColumns: true };

/**
 * An expression with its conditions on encrypted fields rewritten. Any other use of one is refused, in nodes of kinds
 * that are not known here as well.
 */
export function rewriteExpression(
  node: OperationNode,
  scope: Scope,
  isFilter: boolean,
  rewriting: Rewriting,
): OperationNode {
  const visitAs = (filters: boolean) => (child: OperationNode) => rewriting.visit(child, scope, filters);
  if (QueryNode.is(node)) return inExpression(node, scope, IN_AN_EXPRESSION, rewriting);
  switch (node.kind) {
    case 'AndNode': {
      const inside = insideAnd(node, scope);
      return mapChildren(node, (child) => rewriting.visit(child, inside, isFilter));
    }
    case 'OrNode':
    case 'ParensNode':
      return mapChildren(node, visitAs(isFilter));
    case 'WhereNode':
    case 'OnNode':
    case 'HavingNode':
      return mapChildren(node, visitAs(true));
    case 'BinaryOperationNode': {
      const column = columnNameOf((node as BinaryOperationNode).leftOperand);
      const found = column && resolve(column, scope);
      if (!found) return mapChildren(node, visitAs(false));
      return rewriteCondition(node as BinaryOperationNode, found, scope, isFilter);
    }
    case 'UnaryOperationNode': {
      const { operator, operand } = node as UnaryOperationNode;
      const query = unwrap(operand);
      const isExists = OperatorNode.is(operator) && /exists/.test(operator.operator);
      if (!isExists || !QueryNode.is(query)) return mapChildren(node, visitAs(false));
      return { ...node, operand: inExpression(query, scope, IN_EXISTS, rewriting) } as OperationNode;
    }
    case 'ColumnNode':
    case 'ReferenceNode': {
      if (ReferenceNode.is(node) && SelectAllNode.is(node.column)) return mapChildren(node, visitAs(false));
      const found = resolve(columnNameOf(node)!, scope);
      if (found) throw notAnswerable(found);
      return node;
    }
    case 'TableNode':
      requireNotEncrypted(node as TableNode, scope, rewriting);
      return node;
    case 'RawNode':
      checkRawSql(node as RawNode, scope, rewriting.tables);
      return mapChildren(node, visitAs(false));
    case 'SelectModifierNode':
      // `for update of` a table gives nothing of it.
      return mapChildren(node, visitAs(false), { of: (node as SelectModifierNode).of } as Partial<SelectModifierNode>);
    default:
      return mapChildren(node, visitAs(false));
  }
}

function inExpression(query: QueryNode, scope: Scope, usage: Usage, rewriting: Rewriting): OperationNode {
  return rewriting.query(query, { parent: scope, withs: scope.withs, usage }).node;
}

/** A whole row as one value has encrypted columns in it, which nobody would open. */
function requireNotEncrypted(node: TableNode, scope: Scope, { tables }: Rewriting): void {
  const name = tableNameOf(node);
  if (!tables.find(name) && !isEncryptedSource(name, scope)) return;
  throw wholeRow(name);
}
