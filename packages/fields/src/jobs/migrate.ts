import { setTimeout as sleep } from 'node:timers/promises';
import { FieldsError } from '../errors.ts';
import type { Fields } from '../fields.ts';
import { PHASES, type Phase } from '../states.ts';
import type { EncryptedTable, ResolvedField } from '../table.ts';
import { type FieldStateStore, fieldStateStore } from './field-state-store.ts';
import { backfillWork, clearPlainWork, clearSealedWork, restorePlainWork, verifyWork } from './field-works.ts';
import type { RowWork } from './row-work.ts';
import { type JobOptions, type JobReport, requireNoProblems, runJob } from './run-job.ts';
import { type AnyDatabase, isPostgres } from './sql-engine.ts';
import { nameOf, type WatchedStates } from './watch-states.ts';

/** What jobs work with. The fields are opened with the states that jobs record. */
export interface JobContext {
  readonly db: AnyDatabase;
  readonly fields: Fields;
  readonly states: WatchedStates;
  readonly store: FieldStateStore;
}

export interface MigrateOptions extends JobOptions {
  /** Only these fields; all of the table that are in a migration by default. */
  readonly fields?: readonly string[];
  /** How long to wait for every process to have a new phase; as long as the watched states say by default. ms. */
  readonly settleMs?: number;
  /** Told of each new phase. */
  readonly onPhase?: (field: string, phase: Phase) => void;
}

/** @param scope Of the key that authenticates what is recorded, as given to `watchFieldStates`. */
export function jobContext(db: AnyDatabase, fields: Fields, states: WatchedStates, scope = 'system'): JobContext {
  if (fields.states !== states) {
    throw new FieldsError('ERR_MIGRATION_STATE', 'open the fields with the same watched states that jobs record');
  }
  return { db, fields, states, store: fieldStateStore(db, fields.keys, scope, Date.now) };
}

/** Fields whose columns hold, or held, plain text. */
export function migratingFields(table: EncryptedTable): ResolvedField[] {
  return Object.values(table.fields).filter(
    ({ plainColumn, legacy = [] }) => plainColumn !== undefined || legacy.some(({ kind }) => kind === 'clear'),
  );
}

/**
 * Encrypts the plain columns of a table while it is in use, up to a phase.
 *
 * Each step is safe to repeat, and goes on where it was killed: both columns are written; what is there is sealed;
 * everything is compared; the sealed column is read; with `encrypted-only` the plain one is emptied, and with
 * `plain-dropped` no longer mentioned, so that it can be dropped.
 *
 * @throws FieldsError ERR_MIGRATION_STATE, ERR_JOB_RUNNING, ERR_VERIFY_FAILED: the phase stays, and nothing is lost
 */
export async function migrate(
  context: JobContext,
  table: EncryptedTable,
  to: 'backfilled' | 'encrypted-only' | 'plain-dropped',
  options: MigrateOptions = {},
): Promise<JobReport[]> {
  const chosen = chosenFields(table, options.fields);
  const reports: JobReport[] = [];
  requireAllScopes(table, options);
  const target = PHASES.indexOf(to);
  const at = (phase: Phase) => chosen.filter(({ name }) => phaseOf(context, table, name) === phase);
  const { dryRun = false } = options;
  await context.states.refresh();

  if (dryRun) {
    // In clear now, so as if both columns were written already.
    return [
      await runJob(context.db, context.fields, table, 'backfill', backfillWork(context.fields, table, chosen), options),
    ];
  }
  await enter(context, table, at('plain'), 'dual-writing', options);

  const filling = at('dual-writing');
  if (filling.length > 0) {
    await settle(context, table, filling, options);
    const work = backfillWork(context.fields, table, filling);
    const report = await runStep(context, table, filling, 'backfill', work, options);
    reports.push(report);
    requireNoProblems(report, `backfill of ${table.name}`);
    requireNoProblems(await verify(context, table, options), `check after the backfill of ${table.name}`);
    await enter(context, table, filling, 'backfilled', options);
  }

  const emptying = target >= PHASES.indexOf('encrypted-only') ? at('backfilled') : [];
  if (emptying.length > 0) {
    await settle(context, table, emptying, options);
    // What a process wrote in the last moments of the phase before is compared here, while nothing has been emptied.
    requireNoProblems(await verify(context, table, options), `check before ${table.name} is encrypted only`);
    await enter(context, table, emptying, 'encrypted-only', options);
  }
  const beside = target >= PHASES.indexOf('encrypted-only') ? at('encrypted-only').filter(isBeside) : [];
  if (beside.length > 0) {
    await settle(context, table, beside, options);
    const work = clearPlainWork(context.fields, table, beside);
    const report = await runStep(context, table, beside, 'clear-plain', work, options);
    reports.push(report);
    requireNoProblems(report, `emptying the plain columns of ${table.name}`);
  }
  if (target >= PHASES.indexOf('plain-dropped'))
    await enter(context, table, at('encrypted-only'), 'plain-dropped', options);
  return reports;
}

/**
 * Leads a migration back to plain text, from any phase; the plain columns must still be there.
 *
 * @throws as `migrate`
 */
export async function rollback(
  context: JobContext,
  table: EncryptedTable,
  options: MigrateOptions = {},
): Promise<JobReport[]> {
  const chosen = chosenFields(table, options.fields);
  const reports: JobReport[] = [];
  requireAllScopes(table, options);
  const at = (...phases: Phase[]) => chosen.filter(({ name }) => phases.includes(phaseOf(context, table, name)!));
  await context.states.refresh();
  const { db, fields } = context;
  const toPlain = plainForms(isPostgres(db));

  // One phase at a time: who still leaves the plain column as it is must be done before others fill it.
  await enter(context, table, at('plain-dropped'), 'encrypted-only', options);
  const refusing = at('encrypted-only');
  await settle(context, table, refusing, options);
  await enter(context, table, refusing, 'backfilled', options);
  const refilling = at('backfilled');
  if (refilling.length > 0) {
    await settle(context, table, refilling, options);
    const beside = refilling.filter(isBeside);
    if (beside.length > 0) {
      const work = restorePlainWork(fields, table, beside, toPlain);
      const report = await runStep(context, table, beside, 'restore-plain', work, options);
      reports.push(report);
      requireNoProblems(report, `plain text of ${table.name}`);
    }
    // What is given up here must be there in clear, as the column has taken it.
    if (beside.length > 0) requireNoProblems(await verify(context, table, options), `check of ${table.name}`);
    await enter(context, table, refilling, 'dual-writing', options);
  }
  const leaving = at('dual-writing');
  if (leaving.length > 0) {
    await settle(context, table, leaving, options);
    await enter(context, table, leaving, 'plain', options);
  }
  const left = at('plain');
  await settle(context, table, left, options);
  const inPlace = left.filter((field) => !isBeside(field));
  if (inPlace.length > 0) {
    const work = restorePlainWork(fields, table, inPlace, toPlain);
    const report = await runStep(context, table, inPlace, 'unseal', work, options);
    reports.push(report);
    requireNoProblems(report, `plain text of ${table.name}`);
  }
  const work = clearSealedWork(fields, table, left);
  if (left.length > 0) reports.push(await runStep(context, table, left, 'clear-sealed', work, options));
  return reports;
}

/** Runs a job for these fields in their phases: one that was interrupted in others has not been over what is there now. */
function runStep(
  { db, fields, states }: JobContext,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  name: string,
  work: RowWork,
  options: MigrateOptions,
): Promise<JobReport> {
  const of = JSON.stringify(
    chosen.map((field) => [field.name, states.recorded.get(nameOf(table.name, field.name))?.revision]),
  );
  return runJob(db, fields, table, name, { ...work, of: async () => of }, options);
}

/** Opens everything that a table holds and compares it with its index and its plain column. */
export async function verify(
  { db, fields }: JobContext,
  table: EncryptedTable,
  options: JobOptions = {},
): Promise<JobReport & { readonly counts: { sealed: number; stale: number; legacy: number; empty: number } }> {
  const counts = { sealed: 0, stale: 0, legacy: 0, empty: 0 };
  const report = await runJob(db, fields, table, 'verify', verifyWork(fields, table, counts), {
    ...options,
    dryRun: true,
  });
  return { ...report, counts };
}

/** Records a phase of fields that are in the one before. */
export async function enter(
  { store, states }: JobContext,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  phase: Phase,
  { onPhase }: MigrateOptions = {},
): Promise<void> {
  for (const { name } of chosen) {
    const before = states.recorded.get(nameOf(table.name, name));
    const indexPhase = before?.indexPhase ?? 'stable';
    await store.record(before, { table: table.name, field: name, phase, indexPhase });
    onPhase?.(name, phase);
  }
  if (chosen.length > 0) await states.refresh();
}

/** Waits until every process has the phase that fields are in, or has stopped. */
export async function settle(
  { states }: JobContext,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  { settleMs = states.settleMs, signal }: MigrateOptions,
): Promise<void> {
  // By how long this process has known of it, whatever clocks say: one that takes a job over waits the whole time.
  const left = settleMs - Math.min(...chosen.map(({ name }) => states.knownForMs(table.name, name)));
  if (left > 0) await sleep(left, undefined, signal && { signal });
}

function chosenFields(table: EncryptedTable, names: readonly string[] | undefined): ResolvedField[] {
  const all = migratingFields(table);
  const unknown = names?.find((name) => !all.some((field) => field.name === name));
  if (unknown !== undefined) {
    const why = 'has no plainColumn and no legacy: [plainText()], so there is nothing to migrate';
    throw new FieldsError('ERR_MIGRATION_STATE', `${table.name}.${unknown} ${why}`);
  }
  return names ? all.filter(({ name }) => names.includes(name)) : all;
}

function requireAllScopes(table: EncryptedTable, { scope, dryRun = false }: MigrateOptions): void {
  if (scope === undefined || dryRun) return;
  const why = 'a phase is of all rows, so a migration cannot be of one scope';
  throw new FieldsError('ERR_MIGRATION_STATE', `${table.name}: ${why}`);
}

function phaseOf({ states }: JobContext, table: EncryptedTable, field: string): Phase | undefined {
  const phase = states.recorded.get(nameOf(table.name, field))?.phase;
  if (phase !== undefined) return phase;
  const how = 'record it with `bulwark fields plan --record` before the application that declares it is started';
  throw new FieldsError('ERR_MIGRATION_STATE', `no phase is recorded of ${table.name}.${field}: ${how}`);
}

function isBeside({ plainColumn }: ResolvedField): boolean {
  return plainColumn !== undefined;
}

/** Values as a plain column takes them. */
function plainForms(onPostgres: boolean): (value: unknown) => unknown {
  return (value) => {
    // The driver knows whether the column has a time zone.
    if (value instanceof Date) return onPostgres ? value : value.toISOString();
    if (typeof value === 'boolean') return onPostgres ? value : Number(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) return JSON.stringify(value);
    return value;
  };
}
