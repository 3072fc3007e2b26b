import { cpus, loadavg } from 'node:os';
import { type CpuTimes, createCpuLoad } from '../cpu-load.ts';
import type { Collect, Point } from '../reading.ts';

/** Processor time in total and per core; load averages where the system has such a thing. */
export function cpuCollector(platform: NodeJS.Platform): Collect {
  const load = createCpuLoad();
  return () => ({ points: [...load(readCpuTimes()), ...loadAverages(platform)] });
}

function readCpuTimes(): Map<string, CpuTimes> {
  const times = new Map<string, CpuTimes>();
  const total = { busy: 0, idle: 0 };
  for (const [core, { times: spent }] of cpus().entries()) {
    const busy = spent.user + spent.nice + spent.sys + spent.irq;
    times.set(String(core), { busy, idle: spent.idle });
    total.busy += busy;
    total.idle += spent.idle;
  }
  return times.set('', total);
}

/** Windows has none; Node gives zeros there, which would look like an idle machine. */
function loadAverages(platform: NodeJS.Platform): Point[] {
  if (platform === 'win32') return [];
  const [one, five, fifteen] = loadavg();
  return [
    { metric: 'load.1m', instance: '', value: one ?? null },
    { metric: 'load.5m', instance: '', value: five ?? null },
    { metric: 'load.15m', instance: '', value: fifteen ?? null },
  ];
}
