import type { Unit } from '@bulwark/protocol';
import { formatByteRate, formatBytes } from './bytes.ts';
import { formatCount, formatDecimal, formatPercent, NO_VALUE } from './number.ts';
import { formatDuration } from './time.ts';

const BY_UNIT: Record<Unit, (value: number) => string> = {
  percent: formatPercent,
  bytes: formatBytes,
  'bytes/s': formatByteRate,
  count: formatCount,
  'count/s': (value) => `${formatDecimal(value)}/s`,
  celsius: (value) => `${formatDecimal(value)} °C`,
  seconds: (value) => formatDuration(value * 1000),
  load: formatDecimal,
};

/** One metric value as a person reads it, by the unit the catalogue gives it. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  return value === null || value === undefined ? NO_VALUE : BY_UNIT[unit](value);
}
