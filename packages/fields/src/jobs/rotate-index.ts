import { FieldsError } from '../errors.ts';
import type { EncryptedTable, ResolvedField } from '../table.ts';
import type { IndexPhase } from './field-state-store.ts';
import { clearNextIndexWork, copyIndexWork, fillNextIndexWork } from './field-works.ts';
import { type JobContext, type MigrateOptions, settle } from './migrate.ts';
import { takeRotation } from './rotation-record.ts';
import type { RowWork } from './row-work.ts';
import { type JobReport, requireNoProblems, runJob } from './run-job.ts';
import { columnTypes, indexedColumns } from './sql-engine.ts';
import { nameOf } from './watch-states.ts';

/** Far enough to stay pre-active until the job activates it. */
const NEVER_MS = 100 * 365 * 86_400_000;

/**
 * Gives the blind indexes of a scope a new key while they are in use: searches find every row at every moment, and equal
 * values are kept apart all the while.
 *
 * 1. A next version of the key is made, and every process writes both columns (`rotating`).
 * 2. The second column of the rows that are there is filled.
 * 3. The next version becomes the active one (`switching`), and its indexes are copied to the first column.
 * 4. The old version is given up, the second column emptied (`stable`).
 *
 * Goes on where it was killed; other scopes wait until it is done. Needs the `_next` columns; those of unique fields with
 * a unique constraint.
 *
 * @throws FieldsError ERR_MIGRATION_STATE (a column or constraint is missing, or another scope's rotation is not done),
 *   ERR_JOB_RUNNING, ERR_VERIFY_FAILED
 */
export async function rotateIndexes(
  context: JobContext,
  scope: string,
  options: MigrateOptions = {},
): Promise<JobReport[]> {
  const { db, fields, states } = context;
  const { keys } = fields;
  const id = fields.keyIds(scope).index;
  const searched = fields.tables
    .map((table) => ({ table, chosen: Object.values(table.fields).filter(({ index }) => index !== undefined) }))
    .filter(({ chosen }) => chosen.length > 0);
  for (const { table, chosen } of searched) await requireNextColumns(context, table, chosen);
  await states.refresh();
  const reports: JobReport[] = [];
  const { scope: _, ...all } = options;
  const phase = () => {
    const phases = searched.flatMap(({ table, chosen }) =>
      chosen.map(({ name }) => states.recorded.get(nameOf(table.name, name))?.indexPhase ?? 'stable'),
    );
    return (['switching', 'rotating'] as const).find((one) => phases.includes(one)) ?? 'stable';
  };
  /** Every field, also where a kill has left some of them behind; and every process, before anything goes on. */
  const enterAll = async (indexPhase: IndexPhase) => {
    for (const { table, chosen } of searched) await enterIndexPhase(context, table, chosen, indexPhase);
    for (const { table, chosen } of searched) await settle(context, table, chosen, options);
  };
  const each = async (
    name: string,
    work: (table: EncryptedTable, chosen: readonly ResolvedField[]) => RowWork,
    how: MigrateOptions,
  ) => {
    for (const { table, chosen } of searched) {
      // A later version is another job, also where the one before was left in the middle.
      const of = async () => JSON.stringify([chosen.map((field) => field.name), (await newest()).version]);
      const report = await runJob(db, fields, table, name, { ...work(table, chosen), of }, how);
      reports.push(report);
      requireNoProblems(report, `${name} of ${table.name}`);
    }
  };
  const newest = async () => (await keys.describe(id)).versions.at(-1)!;
  // Of all scopes: those of others have written to the second column as well, as long as it was in use.
  const clearNext = () => each('clear-next-index', (_table, chosen) => clearNextIndexWork(chosen), all);

  await fields.ready(scope);
  const rotation = await takeRotation(db, scope);
  if (rotation.step === 'going') {
    const scoped = { ...all, scope };
    if (phase() === 'stable') {
      await enterAll('stable');
      // What an earlier one has left there would be found, and taken for equal, once the column is in use again.
      await clearNext();
      if ((await newest()).state !== 'pre-active') await keys.rotate(id, { activatesAt: Date.now() + NEVER_MS });
    }
    if (phase() !== 'switching') {
      await enterAll('rotating');
      await each('fill-next-index', (table, chosen) => fillNextIndexWork(fields, table, chosen), scoped);
      const next = await newest();
      if (next.state === 'pre-active') await keys.activate(id, next.version);
    }
    await enterAll('switching');
    await each('copy-index', (table, chosen) => copyIndexWork(fields, table, chosen), scoped);
    await keys.setLowestVersions(id, { decrypt: (await newest()).version });
    await rotation.record('clearing');
  }
  await enterAll('stable');
  await clearNext();
  await rotation.record('done');
  return reports;
}

async function enterIndexPhase(
  { store, states, fields }: JobContext,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
  indexPhase: IndexPhase,
): Promise<void> {
  for (const { name } of chosen) {
    const before = states.recorded.get(nameOf(table.name, name));
    if ((before?.indexPhase ?? 'stable') === indexPhase) continue;
    const phase = before?.phase ?? fields.states.phase(table.name, name);
    await store.record(before, { table: table.name, field: name, phase, indexPhase });
  }
  await states.refresh();
}

async function requireNextColumns(
  { db }: JobContext,
  table: EncryptedTable,
  chosen: readonly ResolvedField[],
): Promise<void> {
  const types = await columnTypes(db, table.table);
  const indexed = await indexedColumns(db, table.table);
  for (const { name, index } of chosen) {
    const { nextColumn, isUnique } = index!;
    const lacks = !types?.has(nextColumn)
      ? `the column ${nextColumn}`
      : isUnique && !indexed.get(nextColumn)?.isUnique
        ? `a unique index on ${nextColumn}`
        : undefined;
    if (lacks === undefined) continue;
    const why = `rotating the index of ${table.name}.${name} needs ${lacks} on table ${table.table}`;
    throw new FieldsError('ERR_MIGRATION_STATE', `${why}: add it, and drop it afterwards if you like`);
  }
}
