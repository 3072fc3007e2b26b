import type { Column, Query, SQL, Subquery, Table } from 'drizzle-orm';
import { FieldsError } from '../../errors.ts';

// What Drizzle 0.45 has of its own below its interface, in the shapes that the adapter leans on. They are the same for
// PostgreSQL and SQLite. `internalsOf` looks at them when a database is opened, so that another version of Drizzle is
// refused there and not in the middle of a query.

/** A column or expression of a selection, and where its value goes in the result. */
export interface SelectedField {
  readonly path: readonly string[];
  readonly field: Column | SQL | SQL.Aliased | Subquery;
}

/** One value of a relational query's row, or the rows of a relation. */
export interface RelationalItem {
  readonly tsKey: string;
  readonly field: unknown;
  readonly isJson: boolean;
  readonly selection: readonly RelationalItem[];
}

export interface RelationalConfig {
  readonly table: Table;
  readonly tableConfig: { readonly columns: Readonly<Record<string, Column>> };
  readonly queryConfig:
    | true
    | { readonly columns?: Readonly<Record<string, boolean | undefined>>; readonly extras?: Extras };
}

/** Expressions that a relational query selects beside columns. */
export type Extras =
  | Readonly<Record<string, SQL.Aliased>>
  | ((...columns: readonly unknown[]) => Readonly<Record<string, SQL.Aliased>>);

export interface RelationalQuery {
  readonly sql: unknown;
  readonly selection: readonly RelationalItem[];
}

export interface SelectConfig {
  readonly fields: Record<string, unknown>;
  readonly fieldsFlat?: readonly SelectedField[];
  readonly distinct?: unknown;
  readonly groupBy?: readonly unknown[];
  readonly where?: SQL;
  readonly joins?: readonly { readonly on?: SQL }[];
  readonly setOperators: readonly {
    readonly rightSelect: { getSelectedFields(): Record<string, unknown> };
    readonly orderBy?: readonly unknown[];
  }[];
}

/** What to store, by the names that the columns have in the application. */
export type Values = Readonly<Record<string, unknown>>;

export interface InsertConfig {
  readonly table: Table;
  readonly values: readonly Values[] | object;
  /** `insert … select`. */
  readonly select?: boolean;
}

export interface UpdateConfig {
  readonly table: Table;
  readonly set: Values;
  readonly where?: SQL;
}

export interface Dialect {
  readonly casing: { getColumnCasing(column: Column): string };
  sqlToQuery(query: SQL, invokeSource?: string): Query;
  buildSelection(fields: readonly SelectedField[], options?: object): SQL;
  buildSelectQuery(config: SelectConfig): SQL;
  buildInsertQuery(config: InsertConfig): SQL;
  buildUpdateQuery(config: UpdateConfig): SQL;
  buildUpdateSet(table: Table, set: Values): SQL;
  buildDeleteQuery(config: { readonly where?: SQL }): SQL;
  /** SQLite */
  buildRelationalQuery?(config: RelationalConfig): RelationalQuery;
  /** PostgreSQL */
  buildRelationalQueryWithoutPK?(config: RelationalConfig): RelationalQuery;
}

export interface Session {
  prepareQuery(query: Query, fields: readonly SelectedField[] | undefined, ...rest: unknown[]): object;
  transaction(work: (tx: { readonly session: Session }) => unknown, ...rest: unknown[]): unknown;
}

/** Dialect and session of a database. @throws FieldsError ERR_DECLARATION (not a database of Drizzle 0.45) */
export function internalsOf(db: object): { readonly dialect: Dialect; readonly session: Session } {
  const { dialect, session } = db as { dialect?: Dialect; session?: Session };
  const relational = dialect?.buildRelationalQuery ?? dialect?.buildRelationalQueryWithoutPK;
  const needed = [
    relational,
    dialect?.sqlToQuery,
    dialect?.buildSelection,
    dialect?.buildSelectQuery,
    dialect?.buildInsertQuery,
    dialect?.buildUpdateQuery,
    dialect?.buildUpdateSet,
    dialect?.buildDeleteQuery,
    dialect?.casing?.getColumnCasing,
    session?.prepareQuery,
    session?.transaction,
  ];
  if (dialect && session && needed.every((member) => typeof member === 'function')) return { dialect, session };
  const why = 'encryptedDb takes what drizzle() of version 0.45 gives for PostgreSQL or SQLite';
  throw new FieldsError('ERR_DECLARATION', why);
}

/** What a column was built with; the same object as its builder has. */
export function configOf(column: object): object {
  return (column as { readonly config: object }).config;
}
