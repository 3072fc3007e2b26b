import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait and how often to look, in milliseconds. */
export interface WaitOptions {
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Looks again and again until `look` answers something other than false, null or undefined, and returns that.
 *
 * @param what Completes "waited for …" in the failure message.
 * @throws Error after `timeoutMs` (5 s), with what `look` last threw as its cause.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeoutMs = 5_000, everyMs = 25 }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const seen = await look();
      cause = undefined;
      if (seen !== false && seen !== null && seen !== undefined) return seen as Exclude<T, false | null | undefined>;
    } catch (error) {
      cause = error;
    }
    await sleep(everyMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause });
}
