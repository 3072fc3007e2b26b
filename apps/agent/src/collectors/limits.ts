import { createHash } from 'node:crypto';
import { INSTANCE_LENGTH_MAX, METRICS, SERIES_MAX } from '@bulwark/protocol';
import type { Point } from './reading.ts';

const TEXT_LENGTH_MAX = 256; // of every text in the protocol's states, in UTF-16 units

/** Cuts a text of the machine to what the protocol carries. */
export function text(value: string): string {
  // toWellFormed mends the surrogate pair that the cut may have split.
  return value.trim().slice(0, TEXT_LENGTH_MAX).toWellFormed();
}

/** A number as the protocol's non-negative whole number; 0 where the machine gave none. */
export function count(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}

/**
 * Brings points within the protocol's limits: instances cut, at most SERIES_MAX points, percent in 0..100,
 * and null for a value that no sensor can mean (negative, infinite, not a number).
 */
export function limitPoints(points: Point[]): Point[] {
  return points.slice(0, SERIES_MAX).map(({ metric, instance, value }) => ({
    metric,
    instance: cutInstance(instance),
    value: plausible(metric, value),
  }));
}

/** A long mount point ends in a hash of the whole, so that two with the same beginning stay two series. */
function cutInstance(instance: string): string {
  if (instance.length <= INSTANCE_LENGTH_MAX) return instance.toWellFormed();
  const hash = createHash('sha256').update(instance).digest('hex').slice(0, 8);
  return `${instance.slice(0, INSTANCE_LENGTH_MAX - 9).toWellFormed()}~${hash}`;
}

function plausible(metric: Point['metric'], value: number | null): number | null {
  if (value === null || !Number.isFinite(value) || value < 0) return null;
  return METRICS[metric].unit === 'percent' ? Math.min(value, 100) : value;
}
