import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

type Parameters = Readonly<Record<string, unknown>> | readonly unknown[];
type Callback = (this: Statement | null, error: Error | null, rows?: unknown[]) => void;

/** What `sqlite3` gives as `this` to the callback of a statement. Sequelize looks at the name of the class. */
class Statement {
  readonly lastID: number;
  readonly changes: number;

  constructor(lastID: number, changes: number) {
    this.lastID = lastID;
    this.changes = changes;
  }
}

/** As much of npm's `sqlite3` as Sequelize uses. */
class Database {
  readonly filename: string;
  readonly #database: DatabaseSync;

  constructor(filename: string, _mode: number, callback: (error: Error | null) => void) {
    this.filename = filename;
    this.#database = new DatabaseSync(filename);
    setImmediate(() => callback(null));
  }

  serialize(work: () => void): void {
    work();
  }

  run(sql: string, parameters: Parameters = [], callback?: Callback): void {
    this.#answer(callback, () => {
      const { lastInsertRowid, changes } = execute(this.#database.prepare(sql), 'run', parameters);
      return { statement: new Statement(Number(lastInsertRowid), Number(changes)), rows: undefined };
    });
  }

  all(sql: string, parameters: Parameters | Callback, callback?: Callback): void {
    const [given, then] = typeof parameters === 'function' ? [[], parameters] : [parameters, callback];
    this.#answer(then, () => ({ statement: null, rows: execute(this.#database.prepare(sql), 'all', given) }));
  }

  exec(sql: string, _parameters: Parameters, callback?: Callback): void {
    this.#answer(callback, () => {
      this.#database.exec(sql);
      return { statement: null, rows: undefined };
    });
  }

  close(callback?: (error: Error | null) => void): void {
    this.#database.close();
    setImmediate(() => callback?.(null));
  }

  #answer(
    callback: Callback | undefined,
    work: () => { statement: Statement | null; rows: unknown[] | undefined },
  ): void {
    let answer: () => void;
    try {
      const { statement, rows } = work();
      answer = () => callback?.call(statement, null, rows);
    } catch (error) {
      answer = () => callback?.call(null, named(error as Error));
    }
    setImmediate(answer);
  }
}

function execute<M extends 'run' | 'all'>(statement: StatementSync, method: M, parameters: Parameters) {
  type Result = ReturnType<StatementSync[M]>;
  const values = Object.entries(parameters).map(([name, value]) => [name, toSql(value)] as const);
  const run = statement[method].bind(statement) as (...values: unknown[]) => Result;
  return Array.isArray(parameters) ? run(...values.map(([, value]) => value)) : run(Object.fromEntries(values));
}

function toSql(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  return typeof value === 'boolean' ? Number(value) : (value as SQLInputValue);
}

const CONSTRAINT = 19;

/** Gives errors the codes that `sqlite3` has. */
function named(error: Error & { code?: string; errcode?: number }): Error {
  if (error.errcode !== undefined && (error.errcode & 0xff) === CONSTRAINT) error.code = 'SQLITE_CONSTRAINT';
  return error;
}

/** For Sequelize's `dialectModule`, on Node's own SQLite. With `sqlite3` installed it is not needed. */
export const sqlite3 = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4 };
