import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';

/** Drizzle on a database of `forEachDatabase`, with a pool of its own. */
export function drizzleOnPostgres<S extends Record<string, unknown>>(
  url: string,
  schema: S,
): NodePgDatabase<S> & { $client: pg.Pool } {
  const client = new pg.Pool({ connectionString: url, max: 4 });
  client.on('error', () => {}); // a server that stops ends idle connections; the next query says so
  return drizzle({ client, schema });
}
