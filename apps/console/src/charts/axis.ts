import type { Unit } from '@bulwark/protocol';
import { formatClock, formatClockSeconds, formatDay, type Zone } from '../format/time.ts';

/** Steps that make round labels: powers of two for bytes, whose prefixes are binary. undefined: the decimal ones. */
export function stepsFor(unit: Unit): number[] | undefined {
  if (unit !== 'bytes' && unit !== 'bytes/s') return undefined;
  return Array.from({ length: 60 }, (_, power) => 2 ** power);
}

/** Upper end of an axis that begins at zero: a tenth above the highest value, and not nothing when all are zero. */
export function topOf(highest: number | null, unit: Unit): number {
  const least = unit === 'bytes' || unit === 'bytes/s' ? 1024 : 1;
  return Math.max(least, (highest ?? 0) * 1.1);
}

/** Labels of a time axis: the clock, with seconds where the steps need them, and the day where a new one begins. */
export function timeLabels(seconds: readonly number[], stepSeconds: number, zone: Zone): string[] {
  return seconds.map((at) => {
    const clock = stepSeconds < 60 ? formatClockSeconds(at * 1000, zone) : formatClock(at * 1000, zone);
    return clock === '00:00' ? formatDay(at * 1000, zone) : clock;
  });
}
