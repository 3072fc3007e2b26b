import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** At most `max` in each window of `windowSeconds`, which opens with the first. */
export interface Limit {
  readonly max: number;
  readonly windowSeconds: number;
}

/** Where a key stands after it was counted. */
export interface Standing {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Until the window closes and counting starts anew. */
  readonly resetSeconds: number;
}

/** Counts what happens per key. Calls count at once, so that any number of them in parallel stays exact. */
export interface Limiter {
  /** Counts one, also where it is refused. */
  count(key: string): Promise<Standing>;
}

/** A limiter in this process's memory; a key is forgotten with its window. */
export function createLimiter({ max, windowSeconds }: Limit): Limiter {
  const counter = new RateLimiterMemory({ points: max, duration: windowSeconds });
  return {
    async count(key) {
      try {
        return standing(true, await counter.consume(key));
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return standing(false, refusal);
        throw refusal;
      }
    },
  };
}

function standing(isAllowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Standing {
  return { isAllowed, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}
