import { CollectorError } from './errors.ts';

/**
 * The outcome of `work`, or a rejection after `timeoutMs`. Work that is late is abandoned, not stopped: a read that
 * hangs in the kernel cannot be cancelled, so callers must not start it again before it has come back.
 *
 * @throws CollectorError ERR_TIMEOUT
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new CollectorError('ERR_TIMEOUT', `no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
