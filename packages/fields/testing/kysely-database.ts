import { Kysely, type LogEvent } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';

/**
 * Opens a database of `forEachDatabase`, or `:memory:`, for Kysely.
 *
 * @param onQuery Told of each query that reaches the database, with its parameters.
 */
export function openKysely<DB>(url: string, onQuery: (query: LogEvent['query']) => void = () => {}): Kysely<DB> {
  return new Kysely<DB>({ dialect: kyselyDialect(url), log: ({ query }) => onQuery(query) });
}
