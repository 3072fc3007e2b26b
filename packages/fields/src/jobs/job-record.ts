import { createHash } from 'node:crypto';
import { FieldsError } from '../errors.ts';
import type { FieldJobRow } from './job-tables.ts';
import type { RowProblem } from './row-work.ts';
import type { AnyDatabase, AnyTransaction } from './sql-engine.ts';

/** How far a job has come. */
export interface JobState {
  readonly id: string;
  /** Digest of what it is done for; null where that never changes. */
  readonly of: string | null;
  /** Id values of the last row that is done; null before the first. */
  readonly position: readonly unknown[] | null;
  readonly done: number;
  readonly changed: number;
  readonly total: number;
  /** The first few rows that could not be done. */
  readonly problems: readonly RowProblem[];
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
}

/** A job that this process has taken on: nobody else works on it as long as it is renewed in time. */
export interface JobLease {
  readonly state: JobState;
  /** Records progress in the transaction of the work itself. @throws FieldsError ERR_JOB_RUNNING (another took it over) */
  advance(tx: AnyTransaction, next: JobState): Promise<void>;
  release(): Promise<void>;
}

/** How many rows with problems are kept; the count goes on. */
export const PROBLEMS_KEPT = 20;

/**
 * Takes a job on, where it was left or from the beginning.
 *
 * @param of What it is done for; where it was left counts for the same only.
 *
 * @throws FieldsError ERR_JOB_RUNNING
 */
export async function takeJob(
  db: AnyDatabase,
  id: string,
  { owner, leaseMs, now, of: purpose }: { owner: string; leaseMs: number; now: () => number; of?: string | undefined },
  countRows: () => Promise<number>,
): Promise<JobLease> {
  const found = await readJob(db, id);
  const of = purpose === undefined ? null : createHash('sha256').update(purpose).digest('base64url');
  const isResumed = found !== undefined && found.state.finishedAt === null && found.state.of === of;
  const state: JobState = isResumed
    ? found.state
    : {
        id,
        of,
        position: null,
        done: 0,
        changed: 0,
        total: await countRows(),
        problems: [],
        startedAt: now(),
        finishedAt: null,
      };
  const time = now();
  const row = { ...rowOf(state), updated_at: time, lease_owner: owner, lease_until: time + leaseMs };

  if (found === undefined) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('bulwark_field_job')
      .values(row)
      .onConflict((on) => on.column('id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) throw running(id);
  } else {
    // Only over the lease that was read, and only once it has run out: of two that try, one does.
    if (found.leaseOwner !== null && found.leaseUntil > time) throw running(id);
    const { numUpdatedRows } = await db
      .updateTable('bulwark_field_job')
      .set(row)
      .where('id', '=', id)
      .where('updated_at', '=', found.updatedAt)
      .where('lease_until', '=', found.leaseUntil)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw running(id);
  }

  return {
    state,
    async advance(tx, next) {
      const at = now();
      const { numUpdatedRows } = await tx
        .updateTable('bulwark_field_job')
        .set({ ...rowOf(next), updated_at: at, lease_until: at + leaseMs })
        .where('id', '=', id)
        .where('lease_owner', '=', owner)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw running(id);
    },
    async release() {
      await db
        .updateTable('bulwark_field_job')
        .set({ lease_owner: null, lease_until: 0 })
        .where('id', '=', id)
        .where('lease_owner', '=', owner)
        .execute();
    },
  };
}

/** What is recorded of a job. */
export async function readJob(db: AnyDatabase, id: string) {
  const row = (await db.selectFrom('bulwark_field_job').selectAll().where('id', '=', id).executeTakeFirst()) as
    | FieldJobRow
    | undefined;
  return (
    row && {
      leaseOwner: row.lease_owner,
      leaseUntil: Number(row.lease_until),
      updatedAt: Number(row.updated_at),
      state: {
        id: row.id,
        of: row.work,
        position: row.position === null ? null : (JSON.parse(row.position) as unknown[]),
        done: Number(row.done),
        changed: Number(row.changed),
        total: Number(row.total),
        problems: JSON.parse(row.problems) as RowProblem[],
        startedAt: Number(row.started_at),
        finishedAt: row.finished_at === null ? null : Number(row.finished_at),
      } satisfies JobState,
    }
  );
}

function rowOf(state: JobState) {
  return {
    id: state.id,
    work: state.of,
    position: state.position && JSON.stringify(state.position),
    done: state.done,
    changed: state.changed,
    total: state.total,
    problems: JSON.stringify(state.problems),
    started_at: state.startedAt,
    finished_at: state.finishedAt,
  };
}

function running(id: string): FieldsError {
  const how = 'wait until it is done, or half a minute if it was killed';
  return new FieldsError('ERR_JOB_RUNNING', `another process works on ${id}: ${how}`);
}
