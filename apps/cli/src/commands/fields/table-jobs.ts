import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { findTable } from './find-table.ts';
import { type JobOptions, runJobs } from './run-jobs.ts';

interface BackfillOptions extends JobOptions {
  readonly field?: readonly string[];
  readonly to: 'backfilled' | 'encrypted-only' | 'plain-dropped';
}

interface ReencryptOptions extends JobOptions {
  readonly scope?: string;
  readonly allowCompromised?: boolean;
}

/** `bulwark fields backfill TABLE` */
export function backfillTable(
  { field, to, ...options }: BackfillOptions,
  context: Context,
  name: string,
): Promise<Outcome> {
  return runJobs(options, context, (config) => {
    const table = findTable(config, name);
    const unknown = field?.find((each) => !Object.hasOwn(table.fields, each));
    if (unknown !== undefined) throw new CliError('usage', `${name} has no field ${unknown}`);
    const chosen = field === undefined ? {} : { fields: field };
    return ({ jobs }, how) => jobs.backfill(table, { ...how, ...chosen, to });
  });
}

/** `bulwark fields reencrypt TABLE` */
export function reencryptTable(
  { scope, allowCompromised = false, ...options }: ReencryptOptions,
  context: Context,
  name: string,
): Promise<Outcome> {
  return runJobs(options, context, (config) => {
    const table = findTable(config, name);
    if (scope !== undefined && typeof table.scope !== 'object') {
      throw new CliError('usage', `no column of ${name} names a scope; leave --scope out`);
    }
    const own = { allowCompromised, ...(scope !== undefined && { scope }) };
    return async ({ jobs }, how) => [await jobs.reencrypt(table, { ...how, ...own })];
  });
}

/** `bulwark fields verify TABLE` */
export function verifyTable(options: JobOptions, context: Context, name: string): Promise<Outcome> {
  return runJobs({ ...options, dryRun: true }, context, (config) => {
    const table = findTable(config, name);
    return async ({ jobs }, how) => [await jobs.verify(table, how)];
  });
}

/** `bulwark fields rollback TABLE` */
export function rollbackTable(
  { confirm, ...options }: JobOptions & { readonly confirm?: string },
  context: Context,
  name: string,
): Promise<Outcome> {
  if (confirm !== name) {
    throw new CliError('usage', 'this writes plain text again; to confirm, name the table once more: --confirm TABLE');
  }
  return runJobs(options, context, (config) => {
    const table = findTable(config, name);
    return ({ jobs }, how) => jobs.rollback(table, how);
  });
}

/** `bulwark fields rotate-index SCOPE` */
export function rotateIndex(options: JobOptions, context: Context, scope: string): Promise<Outcome> {
  return runJobs(options, context, () => async ({ fields, jobs }, how) => {
    // Otherwise a scope that is not there would be made, with keys of its own.
    await fields.keys.describe(fields.keyIds(scope).index);
    return jobs.rotateIndexes(scope, how);
  });
}
