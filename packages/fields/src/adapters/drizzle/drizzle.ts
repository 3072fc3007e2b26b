import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { careOfDialect } from './dialect.ts';
import { internalsOf } from './internals.ts';
import { careOfSession } from './session.ts';

export { type PgColumns, pgColumns, type SqliteColumns, sqliteColumns } from './columns.ts';
export { mayEqual } from './conditions.ts';

const taken = new WeakSet<object>();

/**
 * Makes a Drizzle database seal what it stores in encrypted columns, search them by their indexes and open what it reads.
 *
 * The database itself is changed and given back: its transactions and relational queries know one another by
 * themselves, and so cannot be used past it. Statements are built at once, so `await fields.ready(scope)` before, once in
 * a request. Reading waits for keys by itself, except with a synchronous driver.
 *
 * @throws FieldsError ERR_DECLARATION (not a database of Drizzle 0.45 for PostgreSQL or SQLite, or given twice)
 */
export function encryptedDb<D extends object>(db: D, fields: Fields): D {
  const { dialect, session } = internalsOf(db);
  if (taken.has(dialect)) throw new FieldsError('ERR_DECLARATION', 'the database was given to encryptedDb before');
  taken.add(dialect);
  careOfSession(session, careOfDialect(dialect, fields), fields);
  return db;
}
