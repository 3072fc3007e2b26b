import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqliteDatabase } from 'kysely';

/**
 * Opens a SQLite file for this process alone to read (0600; SQLite gives its WAL the same mode) and to survive a power
 * cut: with WAL, only synchronous=FULL makes a commit durable.
 */
export function openSqlite(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA busy_timeout = 10000;
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = ON;
  `);
  return database;
}

/** node:sqlite in the shape that Kysely's SQLite driver expects. */
export function kyselySqlite(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)).map(plainRow),
        run: (parameters) => statement.run(...values(parameters)),
        *iterate(parameters) {
          for (const row of statement.iterate(...values(parameters))) yield plainRow(row);
        },
      };
    },
  };
}

/** node:sqlite gives rows without a prototype and bytes as Uint8Array; the rest of the server wants what pg gives. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    plain[column] = value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  }
  return plain;
}
