import type { Point } from './reading.ts';

/**
 * The memory metrics from four amounts of bytes. Used is what programs could not get any more, total less available:
 * caches that the system would give back do not count.
 */
export function memoryPoints({
  total,
  available,
  swapTotal,
  swapUsed,
}: {
  total: number;
  available: number;
  swapTotal: number;
  swapUsed: number;
}): Point[] {
  const used = total - available;
  return [
    { metric: 'memory.total', instance: '', value: total },
    { metric: 'memory.used', instance: '', value: used },
    { metric: 'memory.available', instance: '', value: available },
    { metric: 'memory.percent', instance: '', value: (100 * used) / total },
    { metric: 'swap.total', instance: '', value: swapTotal },
    { metric: 'swap.used', instance: '', value: swapUsed },
  ];
}
