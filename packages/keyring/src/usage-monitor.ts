import type { KeyId } from './key-document.ts';
import type { KeyEvent } from './key-event.ts';
import { joinId } from './stores/store-rules.ts';

/**
 * What is unusual about the use of a key. new-purpose: it was never used for this · high-rate: far more often than it
 * usually is · failures: many values did not open, as when somebody tries.
 */
export type UsageAlertKind = 'new-purpose' | 'high-rate' | 'failures';

/** Something unusual, told once a minute for each key and kind. */
export interface UsageAlert extends KeyId {
  readonly kind: UsageAlertKind;
  /** ms since the epoch. */
  readonly at: number;
  /** Uses or failures in this minute. */
  readonly count: number;
  /** What is usual in a minute; 0 for new purposes and failures. */
  readonly usual: number;
  readonly purpose: string | null;
}

/** How often a key is used. */
export interface UsageRate extends KeyId {
  /** Values sealed and opened in the minute that runs. */
  readonly thisMinute: number;
  /** Mean of the last hours, later ones counting more. */
  readonly perMinute: number;
}

/** When use is unusual. */
export interface UsageThresholds {
  /** How long a key is learnt before new purposes and rates are told, in ms; a day by default. */
  readonly learnMs?: number;
  /** How many times the mean is too often, at least; 4 by default. */
  readonly rateFactor?: number;
  /** Uses in a minute that are never too often; 100 by default. */
  readonly rateFloor?: number;
  /** Failures in a minute that are told; 5 by default. */
  readonly failures?: number;
}

/** Watches the use of keys. Pure: time is what the events say, and nothing is kept but counts. */
export interface UsageMonitor {
  /** Takes an event; what is unusual about it, if anything. Works as an event sink. */
  observe(event: KeyEvent): UsageAlert[];
  /** @param now ms since the epoch. */
  rates(now: number): UsageRate[];
}

interface Usage {
  readonly id: KeyId;
  readonly firstAt: number;
  minute: number;
  uses: number;
  failures: number;
  mean: number;
  variance: number;
  readonly purposes: Set<string>;
  readonly told: Set<UsageAlertKind>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Weight of the newest minute: half of the mean is of the last two hours. */
const WEIGHT = 1 - 0.5 ** (1 / 120);
/** How many standard deviations above the mean are too often, at least. */
const DEVIATIONS = 6;
// Bounds on memory, should somebody make up names.
const MAX_KEYS = 10_000;
const MAX_PURPOSES = 1_000;
/** After that many idle minutes the mean has gone to nothing. */
const MAX_IDLE_MINUTES = 10_000;

/** A monitor that has seen nothing yet. */
export function usageMonitor(thresholds: UsageThresholds = {}): UsageMonitor {
  const { learnMs = DAY_MS, rateFactor = 4, rateFloor = 100, failures: failureLimit = 5 } = thresholds;
  const usages = new Map<string, Usage>();

  function usageOf({ scope, name, at }: KeyEvent): Usage {
    const key = joinId({ scope, name });
    let usage = usages.get(key);
    if (!usage) {
      if (usages.size >= MAX_KEYS) usages.delete(usages.keys().next().value!);
      const minute = Math.floor(at / MINUTE_MS);
      const counts = { uses: 0, failures: 0, mean: 0, variance: 0 };
      usage = { id: { scope, name }, firstAt: at, minute, ...counts, purposes: new Set(), told: new Set() };
      usages.set(key, usage);
    }
    return usage;
  }

  return {
    observe(event) {
      const isUse = event.type === 'sealed' || event.type === 'opened';
      const isFailure = event.type === 'open-failed';
      if (!isUse && !isFailure) return [];
      const usage = usageOf(event);
      advance(usage, event.at);
      if (isFailure) usage.failures += event.count;
      else usage.uses += event.count;

      const alerts: UsageAlert[] = [];
      const alert = (kind: UsageAlertKind, count: number, usual: number) =>
        alerts.push({ ...usage.id, kind, at: event.at, count, usual, purpose: event.purpose });
      const once = (kind: UsageAlertKind) => !usage.told.has(kind) && usage.told.add(kind);
      const isLearnt = event.at - usage.firstAt >= learnMs;

      if (isUse && isNewPurpose(usage, event.purpose) && isLearnt) alert('new-purpose', usage.uses, 0);
      const tooOften = Math.max(
        rateFloor,
        usage.mean * rateFactor,
        usage.mean + DEVIATIONS * Math.sqrt(usage.variance),
      );
      if (isLearnt && usage.uses > tooOften && once('high-rate')) alert('high-rate', usage.uses, usage.mean);
      if (usage.failures >= failureLimit && once('failures')) alert('failures', usage.failures, 0);
      return alerts;
    },

    rates: (now) =>
      [...usages.values()].map((usage) => {
        advance(usage, now);
        return { ...usage.id, thisMinute: usage.uses, perMinute: usage.mean };
      }),
  };
}

function isNewPurpose({ purposes }: Usage, purpose: string | null): boolean {
  if (purpose === null || purposes.has(purpose) || purposes.size >= MAX_PURPOSES) return false;
  purposes.add(purpose);
  return true;
}

/** Puts full minutes into the mean and variance, with weights that fall by the minute (West 1979, incremental). */
function advance(usage: Usage, at: number): void {
  const minute = Math.floor(at / MINUTE_MS);
  const passed = Math.min(minute - usage.minute, MAX_IDLE_MINUTES);
  if (passed <= 0) return; // also for a clock that was set back: its uses count for the minute that runs
  for (let i = 0; i < passed; i++) {
    const difference = (i === 0 ? usage.uses : 0) - usage.mean;
    usage.mean += WEIGHT * difference;
    usage.variance = (1 - WEIGHT) * (usage.variance + WEIGHT * difference ** 2);
  }
  usage.minute = minute;
  usage.uses = 0;
  usage.failures = 0;
  usage.told.clear();
}
