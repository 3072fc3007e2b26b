import type { MetricName, States } from '@bulwark/protocol';

/** One measured value; null where the sensor is there but gave no sensible value this time. */
export interface Point {
  metric: MetricName;
  instance: string;
  value: number | null;
}

/** What one round of all collectors found. `states` holds every document that is known, changed or not. */
export interface Reading {
  points: Point[];
  states: States;
}

/** The names a machine's owner can disable. */
export const COLLECTOR_NAMES = [
  'cpu',
  'memory',
  'disks',
  'network',
  'processes',
  'temperature',
  'battery',
  'uptime',
  'users',
  'machine',
] as const;
export type CollectorName = (typeof COLLECTOR_NAMES)[number];

/** One collector's part of a reading. `problem` says what is missing from an otherwise good part. */
export interface Contribution {
  points?: Point[];
  states?: States;
  problem?: string;
}

/** Measures once. A rejection means that nothing could be measured. */
export type Collect = () => Contribution | Promise<Contribution>;

/** Each platform supplies one of each. */
export type CollectorSet = Record<CollectorName, Collect>;
