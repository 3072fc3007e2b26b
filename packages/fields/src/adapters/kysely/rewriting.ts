import type { OperationNode, QueryNode } from 'kysely';
import type { DeclaredTables } from './declared-tables.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { Scope, Shape, Source } from './sources.ts';

/** What becomes of the columns that a query selects. */
export interface Usage {
  /** Why none of them may be encrypted, if so. */
  readonly refuses?: string;
  /** Nobody looks at them: the query stands in `exists`. */
  readonly ignoresColumns?: boolean;
}

/** Where a query stands. */
export interface Place {
  /** What it can name of the query around it. */
  readonly parent: Scope | undefined;
  readonly withs: ReadonlyMap<string, Shape>;
  readonly usage: Usage;
}

export interface Rewritten {
  readonly node: OperationNode;
  /** What it gives of encrypted data. */
  readonly shape: Shape;
}

/** The rewriting of one query with all that is inside it. */
export interface Rewriting {
  readonly tables: DeclaredTables;
  readonly hidden: HiddenColumns;
  query(node: QueryNode, place: Place): Rewritten;
  /**
   * Anything but a query that stands in a `from` or a `with`.
   *
   * @param isFilter Whether it is a condition for which rows are kept or left out, and no more is made of it.
   */
  visit(node: OperationNode, scope: Scope, isFilter?: boolean): OperationNode;
  /** A table or subquery under its name: each one in a query is told from the others. */
  sourceNamed(name: string, shape: Shape): Source;
}
