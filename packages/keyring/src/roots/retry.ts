import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** What one attempt came to: a result, or a failure that may pass by itself. Anything final is thrown. */
export type Attempt<T> = { done: T } | { failed: Error; retryAfterMs?: number | undefined };

/**
 * Tries up to `attempts` times, waiting longer each time: a random part of 100 ms, 200 ms, 400 ms … up to 2 s ("full
 * jitter", so that many clients do not come back at once), or as long as the other side asks for.
 *
 * @throws the last failure, or what an attempt throws
 */
export async function retrying<T>(
  attempts: number,
  signal: AbortSignal,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    const outcome = await attempt();
    if ('done' in outcome) return outcome.done;
    if (tried >= attempts) throw outcome.failed;
    const backoff = Math.random() * Math.min(FIRST_DELAY_MS * 2 ** (tried - 1), LONGEST_DELAY_MS);
    await sleep(Math.max(backoff, outcome.retryAfterMs ?? 0), undefined, { signal });
  }
}
