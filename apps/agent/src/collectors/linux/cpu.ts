import { type CpuTimes, createCpuLoad } from '../cpu-load.ts';
import { CollectorError } from '../errors.ts';
import type { Collect, Point } from '../reading.ts';
import type { Tree } from './tree.ts';

/** Processor time in total and per core, and the load averages. */
export function cpuCollector(tree: Tree): Collect {
  const load = createCpuLoad();
  return () => ({
    points: [...load(parseCpuTimes(tree.readNow('/proc/stat'))), ...loadAverages(tree.readNow('/proc/loadavg'))],
  });
}

/** The `cpu` lines of /proc/stat, in ticks; '' is the whole machine, '0' the first core. */
export function parseCpuTimes(stat: string): Map<string, CpuTimes> {
  const times = new Map<string, CpuTimes>();
  for (const line of stat.split('\n')) {
    // The cpu lines come first; the interrupt line after them can be a hundred times as long.
    if (!line.startsWith('cpu')) break;
    const [name = '', ...fields] = line.split(/ +/);
    // Guest time follows, and is counted in user and nice already (proc_stat(5)).
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields.map(Number);
    times.set(name.slice('cpu'.length), {
      busy: user + nice + system + irq + softirq + steal,
      idle: idle + iowait,
    });
  }
  if (!times.has('')) throw new CollectorError('ERR_FORMAT', '/proc/stat has no cpu line');
  return times;
}

function loadAverages(loadavg: string): Point[] {
  const [one, five, fifteen] = loadavg.split(' ').map(Number);
  return [
    { metric: 'load.1m', instance: '', value: one ?? null },
    { metric: 'load.5m', instance: '', value: five ?? null },
    { metric: 'load.15m', instance: '', value: fifteen ?? null },
  ];
}
