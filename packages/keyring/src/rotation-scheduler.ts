import type { RotationReport } from './rotate-expired.ts';

/** How rotation is scheduled. */
export interface RotationSchedule {
  /** Time between rounds in ms; an hour by default. A policy is kept to within that. */
  readonly everyMs?: number;
  /** Told of each round. */
  readonly onRound?: (report: RotationReport) => void;
  /** Told of a round that could not be made at all, as when the store is away; the next one is tried all the same. */
  readonly onError?: (error: unknown) => void;
}

/** Rotation that goes on until it is stopped. */
export interface RotationScheduler {
  /** Makes a round now, or joins the one that is being made. */
  runNow(): Promise<void>;
  /** Stops; returns when the round that is being made has ended. */
  stop(): Promise<void>;
}

/**
 * Rotates what is due at once and then in each interval. Any number of processes may do so over one store. The timer
 * keeps no process from ending.
 */
export function scheduleRotation(
  keys: { rotateExpired(): Promise<RotationReport> },
  { everyMs = 3_600_000, onRound, onError }: RotationSchedule = {},
): RotationScheduler {
  let running: Promise<void> | undefined;

  async function round(): Promise<void> {
    try {
      const report = await keys.rotateExpired();
      onRound?.(report);
    } catch (error) {
      onError?.(error);
    }
  }

  function runNow(): Promise<void> {
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  }

  const timer = setInterval(() => void runNow(), everyMs).unref();
  void runNow();
  return {
    runNow,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
