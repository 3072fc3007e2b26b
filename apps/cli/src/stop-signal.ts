/**
 * One Ctrl-C reaches a process twice when a parent forwards it (npm does, and so does our own launcher) and the
 * terminal sends it too. Within this time they count as one.
 */
const SAME_PRESS_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP. A second one, later, calls `endAtOnce`.
 *
 * @param target Where the signals arrive; `process`.
 */
export function createStopSignal(target: NodeJS.EventEmitter, endAtOnce: () => void, now = Date.now): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = now();
      controller.abort();
    } else if (now() - firstAt > SAME_PRESS_MS) {
      endAtOnce();
    }
  };
  listenForStop(target, onSignal);
  return controller.signal;
}

/**
 * Calls `listener` at each SIGINT, SIGTERM or SIGHUP, which then no longer end the process by themselves.
 *
 * @returns What gives them back.
 */
export function listenForStop(target: NodeJS.EventEmitter, listener: () => void): () => void {
  for (const name of SIGNALS) target.on(name, listener);
  return () => {
    for (const name of SIGNALS) target.off(name, listener);
  };
}

/** Resolves when the signal aborts, at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
