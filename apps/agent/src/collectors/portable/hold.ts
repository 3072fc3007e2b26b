import type { Collect, Contribution } from '../reading.ts';

/**
 * Measures at most once in `everyMs` and repeats the outcome in between: for what starts child processes and changes
 * slowly. A failure is not held.
 *
 * @param now Milliseconds on a monotonic clock.
 */
export function hold(collect: Collect, { everyMs, now }: { everyMs: number; now: () => number }): Collect {
  let held: Contribution | undefined;
  let measuredAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (!held || now() - measuredAt >= everyMs) {
      held = await collect();
      measuredAt = now();
    }
    return held;
  };
}
