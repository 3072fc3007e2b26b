/** What a number means; charts and tables format by it. Rates are per second, averaged over the reporting interval. */
export const UNITS = [
  'percent', // 0..100
  'bytes',
  'bytes/s',
  'count',
  'count/s',
  'celsius',
  'seconds',
  'load', // runnable processes, as in uptime(1)
] as const;
export type Unit = (typeof UNITS)[number];

/**
 * One series of one machine: a metric of the catalogue and, where a machine has several of the kind, which one
 * (a mount point, an interface, a core number). `instance` is '' where there is only one.
 */
export interface SeriesKey {
  metric: MetricName;
  instance: string;
}

interface MetricDef {
  unit: Unit;
  /** Values travel as whole numbers of 1/scale: 10 keeps one decimal. Part of the wire format: never change one. */
  scale: 1 | 10 | 100;
  /** True where a machine has one series for each instance. */
  many: boolean;
}

/** Every metric an agent may report. Add freely; never rename, never change a unit or a scale. */
export const METRICS = {
  'cpu.total': { unit: 'percent', scale: 10, many: false },
  'cpu.core': { unit: 'percent', scale: 10, many: true },
  'load.1m': { unit: 'load', scale: 100, many: false },
  'load.5m': { unit: 'load', scale: 100, many: false },
  'load.15m': { unit: 'load', scale: 100, many: false },
  'memory.total': { unit: 'bytes', scale: 1, many: false },
  'memory.used': { unit: 'bytes', scale: 1, many: false },
  'memory.available': { unit: 'bytes', scale: 1, many: false },
  'memory.percent': { unit: 'percent', scale: 10, many: false },
  'swap.total': { unit: 'bytes', scale: 1, many: false },
  'swap.used': { unit: 'bytes', scale: 1, many: false },
  'disk.total': { unit: 'bytes', scale: 1, many: true },
  'disk.used': { unit: 'bytes', scale: 1, many: true },
  'disk.percent': { unit: 'percent', scale: 10, many: true },
  'disk.read': { unit: 'bytes/s', scale: 1, many: true },
  'disk.write': { unit: 'bytes/s', scale: 1, many: true },
  'disk.reads': { unit: 'count/s', scale: 10, many: true },
  'disk.writes': { unit: 'count/s', scale: 10, many: true },
  'network.receive': { unit: 'bytes/s', scale: 1, many: true },
  'network.send': { unit: 'bytes/s', scale: 1, many: true },
  'network.receive_packets': { unit: 'count/s', scale: 10, many: true },
  'network.send_packets': { unit: 'count/s', scale: 10, many: true },
  'network.receive_errors': { unit: 'count/s', scale: 10, many: true },
  'network.send_errors': { unit: 'count/s', scale: 10, many: true },
  'processes.count': { unit: 'count', scale: 1, many: false },
  temperature: { unit: 'celsius', scale: 10, many: true },
  'battery.percent': { unit: 'percent', scale: 10, many: true },
  uptime: { unit: 'seconds', scale: 1, many: false },
  'users.count': { unit: 'count', scale: 1, many: false },
} as const satisfies Record<string, MetricDef>;

export type MetricName = keyof typeof METRICS;

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** Longest `instance`, in UTF-16 units; a longer mount point is cut by the agent. */
export const INSTANCE_LENGTH_MAX = 128;
/** Most series one machine may report: 256 cores, 100 file systems and 100 interfaces fit. */
export const SERIES_MAX = 2048;
