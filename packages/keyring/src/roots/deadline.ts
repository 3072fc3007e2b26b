/**
 * Runs a call that must be over in time. Its signal aborts what can be aborted; what cannot, such as an SDK's wait
 * before a retry or a call into a native library, is left behind.
 *
 * @throws DOMException TimeoutError, or whatever the call throws
 */
export async function withDeadline<T>(timeoutMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError');
    timeout.abort(error);
    late.reject(error);
  }, timeoutMs);
  try {
    return await Promise.race([call(timeout.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
