import type { Keys } from '@bulwark/keyring';
import { FieldsError } from '../errors.ts';
import { type Fields, type FieldsOptions, openFields } from '../fields.ts';
import { type FieldJobs, fieldJobs } from './field-jobs.ts';
import { createFieldTables } from './job-tables.ts';
import { type AnyDatabase, columnTypes } from './sql-engine.ts';
import { watchFieldStates } from './watch-states.ts';

/**
 * What `bulwark fields` needs to know of an application. `tables`, `scope`, `keyNames` and `createsKeys` are what it
 * gives to `openFields`, and `everyMs` what it gives to `watchFieldStates`: with others, jobs would seal with other keys,
 * or not wait long enough for its processes.
 */
export interface FieldsSetup extends Pick<FieldsOptions, 'tables' | 'keyNames' | 'createsKeys'> {
  /** The application's database, without the plugin that seals and opens. Closed when a command is done. */
  readonly database: () => AnyDatabase;
  /** Its keys, which may be kept in that database. Closed when a command is done. */
  readonly keys: (database: AnyDatabase) => Keys | Promise<Keys>;
  /** Whose keys to use where neither table nor row says so. */
  readonly scope?: string;
  readonly everyMs?: number;
  /** How long a job that was killed keeps others from going on with it, in ms; 30,000 by default. */
  readonly leaseMs?: number;
}

/** An application's setup. It is opened by the copy of this package, and of Kysely, that the application has itself. */
export interface FieldsConfig {
  /** Tells it from anything else that a module may export. */
  readonly madeBy: 'defineFields';
  readonly tables: FieldsSetup['tables'];
  readonly leaseMs: number | undefined;
  /** Connects, and makes the two tables that jobs are recorded in where they are not there. */
  open(): Promise<OpenedFields>;
}

/** Fields and the jobs on them. `await using` closes keys and database. */
export interface OpenedFields extends AsyncDisposable {
  readonly fields: Fields;
  readonly jobs: FieldJobs;
}

/**
 * Tells `bulwark fields` where database, keys and declarations are: the default export of `bulwark.fields.ts`. Nothing is
 * opened before a command needs it.
 *
 * @throws FieldsError ERR_DECLARATION
 */
export function defineFields(setup: FieldsSetup): FieldsConfig {
  const { database, keys, tables, leaseMs } = setup;
  // Modules need not be TypeScript.
  for (const [name, value] of Object.entries({ database, keys })) {
    if (typeof value !== 'function') throw declaration(`${name} must be a function`);
  }
  if (!Array.isArray(tables) || tables.length === 0) throw declaration('tables must list what encrypted() declares');
  return { madeBy: 'defineFields', tables, leaseMs, open: () => open(setup) };
}

async function open(setup: FieldsSetup): Promise<OpenedFields> {
  const { everyMs, keyNames } = setup;
  await using opening = new AsyncDisposableStack();
  const db = opening.adopt(setup.database(), (each) => each.destroy());
  const keys = opening.adopt(await setup.keys(db), (each) => each.close());
  // Only where they are missing: some databases refuse "if not exists" to users who may not make tables.
  if (!(await columnTypes(db, 'bulwark_field_state')) || !(await columnTypes(db, 'bulwark_field_job'))) {
    await createFieldTables(db);
  }
  const indexKeyName = keyNames?.index;
  const watching = {
    keys,
    ...(everyMs !== undefined && { everyMs }),
    ...(indexKeyName !== undefined && { indexKeyName }),
  };
  const states = opening.adopt(await watchFieldStates(db, watching), (each) => each.close());
  const fields = openFields({ ...setup, keys, states });
  const jobs = fieldJobs(db, fields, states);
  const opened = opening.move();
  return { fields, jobs, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function declaration(why: string): FieldsError {
  return new FieldsError('ERR_DECLARATION', `defineFields: ${why}`);
}
