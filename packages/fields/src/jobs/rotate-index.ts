import { setTimeout as sleep } from 'node:timers/promises';
import { FieldsError } from '../errors.ts';
import type { EncryptedTable, ResolvedField } from '../table.ts';
import type { IndexPhase } from './field-state-store.ts';
import { clearNextIndexWork, copyIndexWork, fillNextIndexWork } from './field-works.ts';
import type { JobContext, MigrateOptions } from './migrate.ts';
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
 * Why two columns: docs/decisions/0009-index-keys-rotate-in-two-columns.md. Goes on where it was killed. Needs the `_next` columns; those of unique fields with a unique constraint.
 *
 * @throws FieldsError ERR_MIGRATION_STATE (a column or constraint is missing), ERR_JOB_RUNNING, ERR_VERIFY_FAILED
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
  const scoped = { ...options, scope };
  const phase = () => {
    const phases = searched.flatMap(({ table, chosen }) =>
      chosen.map(({ name }) => states.recorded.get(nameOf(table.name, name))?.indexPhase ?? 'stable'),
    );
    return (['switching', 'rotating'] as const).find((one) => phases.includes(one)) ?? 'stable';
  };
  const enterAll = async (indexPhase: IndexPhase) => {
    for (const { table, chosen } of searched) await enterIndexPhase(context, table, chosen, indexPhase);
    await sleep(options.settleMs ?? states.settleMs, undefined, options.signal && { signal: options.signal });
  };
  const each = async (
    name: string,
    work: (table: EncryptedTable, chosen: readonly ResolvedField[]) => Parameters<typeof runJob>[4],
  ) => {
    for (const { table, chosen } of searched) {
      const report = await runJob(db, fields, table, name, work(table, chosen), scoped);
      reports.push(report);
      requireNoProblems(report, `${name} of ${table.name}`);
    }
  };

  await fields.ready(scope);
  const newest = async () => (await keys.describe(id)).versions.at(-1)!;
  if (phase() === 'stable') {
    if ((await newest()).state !== 'pre-active') await keys.rotate(id, { activatesAt: Date.now() + NEVER_MS });
    await enterAll('rotating');
  }
  if (phase() === 'rotating') {
    await each('fill-next-index', (table, chosen) => fillNextIndexWork(fields, table, chosen));
    const next = await newest();
    if (next.state === 'pre-active') await keys.activate(id, next.version);
    await enterAll('switching');
  }
  await each('copy-index', (table, chosen) => copyIndexWork(fields, table, chosen));
  await keys.setLowestVersions(id, { decrypt: (await newest()).version });
  await enterAll('stable');
  await each('clear-next-index', (_, chosen) => clearNextIndexWork(chosen));
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
