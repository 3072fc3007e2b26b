import { access } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { systemReason, UnsafeFileError } from '@bulwark/private-files';
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely';
import pg from 'pg';
import { kyselySqlite } from '../db/node-sqlite.ts';
import { engineOf } from '../db/open.ts';
import type { Database, Tables } from '../db/schema.ts';

/** Opens the database to look at it: nothing is created, migrated or written, also while a server uses it. */
export async function openReadOnly(url: string): Promise<Database> {
  if (engineOf(url) === 'postgres') {
    // The session refuses to write, whatever is asked of it.
    const pool = new pg.Pool({ connectionString: url, max: 1, options: '-c default_transaction_read_only=on' });
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  }
  await access(url).catch((error: unknown) => {
    throw new UnsafeFileError(url, systemReason(error), { cause: error });
  });
  const database = new DatabaseSync(url, { readOnly: true });
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: kyselySqlite(database) }) });
}
