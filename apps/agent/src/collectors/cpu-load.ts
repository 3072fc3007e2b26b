import type { Point } from './reading.ts';

/** Time a processor has spent since boot, in any unit. */
export interface CpuTimes {
  busy: number;
  idle: number;
}

/**
 * Turns processor times into percent since the last call: `cpu.core` for each, `cpu.total` for the key ''.
 * The first call gives none.
 */
export function createCpuLoad(): (times: Map<string, CpuTimes>) => Point[] {
  let previous = new Map<string, CpuTimes>();

  return (times) => {
    const points: Point[] = [];
    for (const [instance, current] of times) {
      const before = previous.get(instance);
      if (before)
        points.push({ metric: instance ? 'cpu.core' : 'cpu.total', instance, value: percent(before, current) });
    }
    previous = times;
    return points;
  };
}

function percent(before: CpuTimes, current: CpuTimes): number | null {
  const busy = current.busy - before.busy;
  // Linux counts waiting for I/O as idle, and that count may fall a little (proc_stat(5)): not a reset.
  const idle = Math.max(0, current.idle - before.idle);
  // A core that was taken offline and back starts anew.
  return busy >= 0 && busy + idle > 0 ? (100 * busy) / (busy + idle) : null;
}
