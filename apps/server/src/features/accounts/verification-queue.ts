import { RequestError } from '../../http/errors.ts';

/** How much work runs at once, and how much may wait for it. */
export interface QueueLimits {
  running: number;
  waiting: number;
}

/**
 * Runs costly work a few at a time, so that a burst of it takes memory for a few only.
 *
 * @returns runs the work given to it; fails with RequestError ERR_BUSY where too much waits already
 */
export function createQueue({ running: runningMax, waiting: waitingMax }: QueueLimits) {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= runningMax) {
      if (waiting.length >= waitingMax) throw new RequestError('ERR_BUSY', { retryAfterSeconds: 2 });
      await new Promise<void>((turn) => waiting.push(turn));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so that nobody who comes now can take it.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
