import type { MetricName } from '@bulwark/protocol';
import type { Point } from './reading.ts';

/** Ever-growing counters by instance (a disk, an interface), then by the metric that is their rate. */
export type Counters = Map<string, Partial<Record<MetricName, number>>>;

/**
 * Turns counters into rates per second over the time since the last call.
 *
 * An instance seen for the first time has no rate yet and gives no point. A counter that went back (wrapped, or its
 * driver was reloaded) gives null: the true rate is unknown, and a guess would draw a spike.
 *
 * @param now Milliseconds; only differences count, so a monotonic clock is best.
 */
export function createRates(now: () => number): (counters: Counters) => Point[] {
  let previous: Counters = new Map();
  let measuredAt = Number.NaN;

  return (counters) => {
    const at = now();
    const seconds = (at - measuredAt) / 1000;
    const points = seconds > 0 ? ratePoints(previous, counters, seconds) : [];
    previous = counters;
    measuredAt = at;
    return points;
  };
}

function ratePoints(previous: Counters, current: Counters, seconds: number): Point[] {
  const points: Point[] = [];
  for (const [instance, counters] of current) {
    const before = previous.get(instance);
    if (!before) continue;
    for (const [metric, counter] of Object.entries(counters) as [MetricName, number][]) {
      const grown = counter - (before[metric] ?? Number.NaN);
      points.push({ metric, instance, value: grown >= 0 ? grown / seconds : null });
    }
  }
  return points;
}
