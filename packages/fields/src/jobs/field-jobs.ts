import type { Fields } from '../fields.ts';
import type { EncryptedTable } from '../table.ts';
import { reencryptWork } from './field-works.ts';
import { jobContext, type MigrateOptions, migrate, rollback, verify } from './migrate.ts';
import { type FieldPlan, plan } from './plan.ts';
import { rotateIndexes } from './rotate-index.ts';
import { type JobOptions, type JobReport, runJob } from './run-job.ts';
import type { AnyDatabase } from './sql-engine.ts';
import type { WatchedStates } from './watch-states.ts';

export interface ReencryptOptions extends JobOptions {
  /** Rescue what compromised versions of a key have sealed; each time is an event of the keys. */
  readonly allowCompromised?: boolean;
}

/** What can be done to encrypted tables while they are in use. Whatever ORM writes them, jobs use Kysely. */
export interface FieldJobs {
  /** Where each field stands, what is missing, what comes next. @param record Records `plain` for fields that are new. */
  plan(table: EncryptedTable, options?: { readonly record?: boolean }): Promise<FieldPlan[]>;
  /** Encrypts plain columns, up to a phase; see `migrate`. */
  backfill(
    table: EncryptedTable,
    options?: MigrateOptions & { readonly to?: 'backfilled' | 'encrypted-only' | 'plain-dropped' },
  ): Promise<JobReport[]>;
  /** Seals anew what an older key, another library or a lesser binding has sealed. */
  reencrypt(table: EncryptedTable, options?: ReencryptOptions): Promise<JobReport>;
  /** Opens everything and compares it with its index and its plain column. Changes nothing. */
  verify(table: EncryptedTable, options?: JobOptions): ReturnType<typeof verify>;
  /** Back to plain text. */
  rollback(table: EncryptedTable, options?: MigrateOptions): Promise<JobReport[]>;
  /** A new key for the blind indexes of a scope. */
  rotateIndexes(scope: string, options?: MigrateOptions): Promise<JobReport[]>;
}

/**
 * Jobs on the tables of `fields`.
 *
 * @param states Those that `fields` was opened with.
 * @throws FieldsError ERR_MIGRATION_STATE (other states)
 */
export function fieldJobs(db: AnyDatabase, fields: Fields, states: WatchedStates): FieldJobs {
  const context = jobContext(db, fields, states);
  return {
    plan: (table, { record } = {}) => plan(context, table, record),
    backfill: (table, { to = 'backfilled', ...options } = {}) => migrate(context, table, to, options),
    reencrypt: (table, options) =>
      runJob(db, fields, table, 'reencrypt', reencryptWork(fields, table, options?.allowCompromised), options),
    verify: (table, options) => verify(context, table, options),
    rollback: (table, options) => rollback(context, table, options),
    rotateIndexes: (scope, options) => rotateIndexes(context, scope, options),
  };
}
