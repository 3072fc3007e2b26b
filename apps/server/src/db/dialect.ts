import { type ColumnDefinitionBuilder, type Kysely, PostgresAdapter, sql } from 'kysely';

/* Where the two engines truly differ: one function a difference, named for the purpose. */

function isPostgres(db: Kysely<unknown>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Column type of sealed bytes, hashes and keys. */
export function bytesType(db: Kysely<unknown>) {
  return isPostgres(db) ? sql`bytea` : sql`blob`;
}

/** Column type of a number that the database counts up: order of insertion, cheapest possible append. */
export function appendIdType(db: Kysely<unknown>) {
  return isPostgres(db) ? sql`bigserial` : sql`integer`;
}

/** Milliseconds and counters, up to 2^53. */
export const bigNumber = 'bigint';

export const notNull = (column: ColumnDefinitionBuilder) => column.notNull();
