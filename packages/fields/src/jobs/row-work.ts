import type { Row } from '../row-id.ts';

/** What a job does to a row. */
export interface RowWork {
  /** Columns it reads, beside id and scope. */
  readonly columns: readonly string[];
  /** Columns it may set. */
  readonly sets: readonly string[];
  /** What it is done for. A job that was interrupted while it was done for something else begins anew. */
  of?(): Promise<string>;
  /** Called before rows of these scopes are worked on, outside of any transaction. */
  prepare?(scopes: ReadonlySet<string>): Promise<void>;
  /**
   * The columns to set, or undefined where the row is right as it is. Called again if the row was changed meanwhile.
   *
   * @param tell Takes what cannot be done or is not as it should be; the rest of the row is done all the same.
   * @throws KeyringError where keys are away: then the job stops
   */
  change(row: Row, tell: (field: string, code: string) => void): Record<string, unknown> | undefined;
}

/** A cell that could not be done, or is not as it should be. */
export interface RowProblem {
  readonly id: Row;
  readonly field: string;
  /** Code of the error. */
  readonly code: string;
}

/** Does something with a field, and tells of what fails; keys that are away are away for all, and end the job. */
export function telling<R>(field: string, tell: (field: string, code: string) => void, work: () => R): R | undefined {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '' || ABOUT_ALL.has(code)) throw error;
    tell(field, code);
    return undefined;
  }
}

const ABOUT_ALL: ReadonlySet<string> = new Set([
  'ERR_KEY_UNAVAILABLE',
  'ERR_KEY_NOT_WARM',
  'ERR_KEY_SPENT',
  'ERR_MIGRATION_STATE',
  'ERR_SCOPE_MISSING',
]);
