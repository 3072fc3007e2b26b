import { withDeadline } from './deadline.ts';
import { CollectorError } from './errors.ts';
import type { Collect, Contribution } from './reading.ts';

const FAILURES_BEFORE_PAUSE = 3;
const PAUSE_FIRST_MS = 60_000;
const PAUSE_LONGEST_MS = 3_600_000;

/** A collector that can neither spoil nor hold up a reading. */
export interface Supervised {
  /** Never rejects; gives nothing after a failure, while paused, or while an earlier try is still out. */
  run(): Promise<Contribution>;
  /** What is wrong since the last try; undefined when all is well. */
  failure(): string | undefined;
}

/**
 * Gives `collect` a time limit, and a pause after three failures in a row: a minute, then twice as long for each
 * further failure, up to an hour. One success ends the count.
 *
 * @param now Milliseconds on a monotonic clock.
 */
export function supervise(collect: Collect, { timeoutMs, now }: { timeoutMs: number; now: () => number }): Supervised {
  let running = false;
  let failures = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let problem: string | undefined;

  async function attempt(): Promise<Contribution> {
    running = true;
    try {
      return await collect();
    } finally {
      running = false;
    }
  }

  async function attemptInTime(): Promise<Contribution> {
    if (running) throw new CollectorError('ERR_STILL_RUNNING', 'an earlier try has not come back');
    return withDeadline(attempt(), timeoutMs);
  }

  return {
    async run() {
      if (now() < pausedUntil) return {};
      try {
        const contribution = await attemptInTime();
        failures = 0;
        problem = contribution.problem;
        return contribution;
      } catch (error) {
        failures += 1;
        problem = reason(error);
        if (failures >= FAILURES_BEFORE_PAUSE) {
          const pauseMs = Math.min(PAUSE_FIRST_MS * 2 ** (failures - FAILURES_BEFORE_PAUSE), PAUSE_LONGEST_MS);
          pausedUntil = now() + pauseMs;
          problem += `; paused for ${pauseMs / 1000} s after ${failures} failures`;
        }
        return {};
      }
    },
    failure: () => problem,
  };
}

/**
 * Failures are logged in clear, so they say what kind of error it was and not what about: a system error's message
 * holds a path, and a path may hold a mount point, an interface or a user's name.
 */
export function reason(error: unknown): string {
  if (error instanceof CollectorError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code ? [code, syscall].filter(Boolean).join(' in ') : error.name;
}
