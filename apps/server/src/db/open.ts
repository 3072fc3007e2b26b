import { Kysely, PostgresDialect, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { migrations } from './migrations/index.ts';
import { kyselySqlite, openSqlite } from './node-sqlite.ts';
import type { Database, Tables } from './schema.ts';

// pg hands int8 back as text; ours are milliseconds and counters, all below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type Engine = 'sqlite' | 'postgres';

export function engineOf(url: string): Engine {
  return /^postgres(ql)?:/.test(url) ? 'postgres' : 'sqlite';
}

/**
 * Opens the database and brings its tables up to date.
 *
 * @param url `postgres://…` or the path of a SQLite file.
 */
export async function openDatabase(url: string): Promise<Database> {
  const dialect =
    engineOf(url) === 'postgres'
      ? new PostgresDialect({ pool: openPool(url) })
      : new SqliteDialect({ database: kyselySqlite(openSqlite(url)) });
  const db = new Kysely<Tables>({ dialect });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  // A connection that breaks while nobody uses it is replaced at the next query, which fails where that does not work.
  pool.on('error', () => {});
  return pool;
}

async function migrate(db: Database): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error) throw error;
}
