import { randomUUID } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { FieldsError } from '../errors.ts';
import type { Fields } from '../fields.ts';
import { scopeOf } from '../row-id.ts';
import type { EncryptedTable } from '../table.ts';
import { type JobState, PROBLEMS_KEPT, takeJob } from './job-record.ts';
import { type PaceOptions, pace } from './pace.ts';
import { type ReadRow, type RowChunks, rowChunks } from './row-chunks.ts';
import type { RowProblem, RowWork } from './row-work.ts';
import { type AnyDatabase, isPassing } from './sql-engine.ts';

/** How jobs are run. */
export interface JobOptions extends PaceOptions {
  /** Says what would be done, and changes nothing. */
  readonly dryRun?: boolean;
  /** Only rows of this scope, in tables where a column names it. */
  readonly scope?: string;
  readonly onProgress?: (progress: JobProgress) => void;
  readonly signal?: AbortSignal;
  /** How long a job belongs to a process that says nothing; 30,000 ms by default. After a kill it can go on so much later. */
  readonly leaseMs?: number;
}

/** How a job goes. */
export interface JobProgress {
  readonly job: string;
  readonly done: number;
  /** Rows when the job began; rows that come later are written rightly by who writes them. */
  readonly total: number;
  readonly changed: number;
  readonly problems: number;
  readonly rowsPerSecond: number;
  /** null where it cannot be told yet. */
  readonly secondsLeft: number | null;
  readonly isFinished: boolean;
}

/** What a job has done. */
export interface JobReport {
  readonly job: string;
  readonly done: number;
  /** Rows that were written, or would be. */
  readonly changed: number;
  readonly problemCount: number;
  /** The first few. */
  readonly problems: readonly RowProblem[];
  readonly seconds: number;
  readonly isDryRun: boolean;
}

const LEASE_MS = 30_000;
/** How often a chunk is tried that collides with others, and a row that others keep changing. */
const ATTEMPTS = 8;

/**
 * Walks over a table and changes what is to be changed.
 *
 * Position, counts and rows of a chunk are one transaction, so a job goes on where it was killed. A row that changes
 * between reading and writing is read again. Memory does not grow with the table.
 *
 * @param name Of the job; with its table (and scope) it is recorded once, and run by one process at a time.
 * @throws FieldsError ERR_JOB_RUNNING, ERR_MIGRATION_STATE; KeyringError when keys are away: run it again
 */
export async function runJob(
  db: AnyDatabase,
  fields: Fields,
  table: EncryptedTable,
  name: string,
  work: RowWork,
  options: JobOptions = {},
): Promise<JobReport> {
  const { dryRun = false, scope, onProgress, signal, leaseMs = LEASE_MS } = options;
  const id = [name, table.name, ...(scope === undefined ? [] : [scope])].join(':');
  const chunks = await rowChunks(db, table, { columns: work.columns, sets: work.sets, scope });
  const going = pace(options);
  const began = performance.now();
  const lease = dryRun
    ? undefined
    : await takeJob(db, id, { owner: randomUUID(), leaseMs, now: Date.now, of: await work.of?.() }, chunks.count);
  let state: JobState = lease?.state ?? {
    id,
    of: null,
    position: null,
    done: 0,
    changed: 0,
    total: await chunks.count(),
    problems: [],
    startedAt: Date.now(),
    finishedAt: null,
  };
  const doneBefore = state.done;
  let problemCount = state.problems.length;

  function report(isFinished: boolean): void {
    const seconds = (performance.now() - began) / 1000;
    const rowsPerSecond = seconds > 0 ? (state.done - doneBefore) / seconds : 0;
    const left = Math.max(0, state.total - state.done);
    const secondsLeft = rowsPerSecond > 0 ? left / rowsPerSecond : null;
    const { done, total, changed } = state;
    onProgress?.({ job: id, done, total, changed, problems: problemCount, rowsPerSecond, secondsLeft, isFinished });
  }

  try {
    report(false);
    for (;;) {
      signal?.throwIfAborted();
      const startedAt = performance.now();
      const before = state;
      const { next, rows, problems } = await retrying(async (attempt) => {
        // Fewer each time: a chunk may want more uses of a key than are handed out at once.
        const limit = Math.max(1, Math.floor(going.chunkRows / 2 ** (attempt - 1)));
        const step = (on: AnyDatabase) => oneChunk(on, chunks, work, before, limit, dryRun);
        // Outside the transaction, since keys may be kept in the same database, on the same connection.
        await readyFor(db, chunks, fields, table, work, before, limit);
        if (!lease) return step(db);
        return db.transaction().execute(async (tx) => {
          // First of all, so that SQLite takes its lock for writing before anything is read.
          await lease.advance(tx, before);
          const result = await step(tx);
          await lease.advance(tx, result.next);
          return result;
        });
      });
      state = next;
      problemCount += problems;
      report(state.finishedAt !== null);
      if (state.finishedAt !== null) break;
      const pauseMs = going.after(rows, performance.now() - startedAt);
      // At the least a turn for others: a database in this process answers at once, and would let nobody else run.
      if (pauseMs >= 1) await sleep(pauseMs, undefined, signal && { signal });
      else await turn();
    }
  } finally {
    await lease?.release().catch(() => {}); // it runs out by itself
  }
  return {
    job: id,
    done: state.done,
    changed: state.changed,
    problemCount,
    problems: state.problems,
    seconds: (performance.now() - began) / 1000,
    isDryRun: dryRun,
  };
}

/** Gets the keys at hand that the next rows want. */
async function readyFor(
  db: AnyDatabase,
  chunks: RowChunks,
  fields: Fields,
  table: EncryptedTable,
  work: RowWork,
  state: JobState,
  limit: number,
): Promise<void> {
  const rows = typeof table.scope === 'object' ? await chunks.after(db, state.position, limit) : [{ row: {} }];
  const scopes = new Set(rows.map(({ row }) => scopeOf(table, row, fields.defaultScope())));
  for (const scope of scopes) await fields.ready(scope);
  await work.prepare?.(scopes);
}

async function oneChunk(
  db: AnyDatabase,
  chunks: RowChunks,
  work: RowWork,
  state: JobState,
  limit: number,
  dryRun: boolean,
): Promise<{ next: JobState; rows: number; problems: number }> {
  const read = await chunks.after(db, state.position, limit);
  const problems: RowProblem[] = [];
  let changed = 0;
  let todo: ReadRow[] = read;
  for (let attempt = 1; todo.length > 0; attempt++) {
    const changes = todo.flatMap((read) => {
      const set = work.change(read.row, (field, code) => problems.push({ id: chunks.idOf(read.row), field, code }));
      return set ? { read, set } : [];
    });
    const missed = dryRun ? [] : await chunks.write(db, changes);
    changed += changes.length - missed.length;
    if (attempt === ATTEMPTS && missed.length > 0) {
      problems.push(...missed.map(({ row }) => ({ id: chunks.idOf(row), field: '*', code: 'ERR_ROW_BUSY' })));
      break;
    }
    todo = await chunks.again(db, missed);
  }
  const last = read.at(-1);
  return {
    rows: read.length,
    problems: problems.length,
    next: {
      ...state,
      position: last ? chunks.positionOf(last) : state.position,
      done: state.done + read.length,
      changed: state.changed + changed,
      problems: [...state.problems, ...problems].slice(0, PROBLEMS_KEPT),
      finishedAt: read.length < limit ? Date.now() : null,
    },
  };
}

async function retrying<R>(work: (attempt: number) => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const isLate = error instanceof Error && 'code' in error && error.code === 'ERR_KEY_NOT_WARM';
      if (attempt === ATTEMPTS || !(isLate || isPassing(error))) throw error;
      await sleep(2 ** attempt * 5 * (0.5 + Math.random()));
    }
  }
}

/** @throws FieldsError ERR_VERIFY_FAILED (some rows could not be done) */
export function requireNoProblems(report: JobReport, what: string): void {
  if (report.problemCount === 0) return;
  const examples = report.problems.slice(0, 3).map(({ id, field, code }) => `${JSON.stringify(id)} ${field} ${code}`);
  const cells = report.problemCount === 1 ? '1 value is' : `${report.problemCount} values are`;
  throw new FieldsError('ERR_VERIFY_FAILED', `${what}: ${cells} not as they should be: ${examples.join('; ')}`);
}
