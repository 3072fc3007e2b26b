import type { MetricName, MetricsResult, Unit } from '@bulwark/protocol';
import type { ChartKind, ChartLine } from '../../charts/chart-line.ts';

const itself = (instance: string) => instance;

interface LineSpec {
  metric: MetricName;
  /** What the legend calls the line of one instance: a core, a mount point, an interface. */
  label: (instance: string) => string;
  dashed?: boolean;
  filled?: boolean;
}

/** One chart of the machine page. */
export interface ChartSpec {
  title: string;
  unit: Unit;
  lines: readonly LineSpec[];
  /** Upper end of the axis, as a number or as a metric whose latest value it is. */
  top?: number | MetricName;
  /** Of several instances only the busiest are drawn. */
  busiest?: number;
  /** 'lines' where it isn't said. */
  kind?: ChartKind;
  /** Left out where there are fewer instances: a single core says no more than the whole processor. */
  instancesMin?: number;
  /** Left out as long as every value is zero. */
  onlyWhenNotZero?: boolean;
}

const BUSIEST = 4;

/** The charts of the machine page, in order. One without a series is left out. */
export const CHARTS: readonly ChartSpec[] = [
  { title: 'CPU', unit: 'percent', top: 100, lines: [{ metric: 'cpu.total', label: () => 'All cores', filled: true }] },
  {
    title: 'Cores',
    kind: 'rows',
    instancesMin: 2,
    unit: 'percent',
    top: 100,
    lines: [{ metric: 'cpu.core', label: (core) => `Core ${core}` }],
  },
  {
    title: 'Memory',
    unit: 'bytes',
    top: 'memory.total',
    lines: [
      { metric: 'memory.used', label: () => 'Used', filled: true },
      { metric: 'swap.used', label: () => 'Swap used' },
    ],
  },
  {
    title: 'Load',
    unit: 'load',
    lines: [
      { metric: 'load.1m', label: () => '1 min', filled: true },
      { metric: 'load.5m', label: () => '5 min' },
      { metric: 'load.15m', label: () => '15 min' },
    ],
  },
  {
    title: 'Network',
    unit: 'bytes/s',
    busiest: BUSIEST,
    lines: [
      { metric: 'network.receive', label: (name) => `${name} in` },
      { metric: 'network.send', label: (name) => `${name} out`, dashed: true },
    ],
  },
  {
    title: 'Network errors',
    unit: 'count/s',
    busiest: BUSIEST,
    onlyWhenNotZero: true,
    lines: [
      { metric: 'network.receive_errors', label: (name) => `${name} in` },
      { metric: 'network.send_errors', label: (name) => `${name} out`, dashed: true },
    ],
  },
  {
    title: 'Disk traffic',
    unit: 'bytes/s',
    busiest: BUSIEST,
    lines: [
      { metric: 'disk.read', label: (device) => `${device} read` },
      { metric: 'disk.write', label: (device) => `${device} write`, dashed: true },
    ],
  },
  { title: 'Disk space used', unit: 'percent', top: 100, lines: [{ metric: 'disk.percent', label: itself }] },
  { title: 'Temperature', unit: 'celsius', lines: [{ metric: 'temperature', label: itself }] },
  { title: 'Battery', unit: 'percent', top: 100, lines: [{ metric: 'battery.percent', label: itself }] },
];

/** Every metric the charts draw: what the page asks for. */
export const CHART_METRICS: readonly MetricName[] = CHARTS.flatMap((chart) => chart.lines.map((line) => line.metric));

/** The lines of one chart. Those of one instance share a colour and are told apart by their dashes. */
export function linesOf(spec: ChartSpec, series: MetricsResult['series']): ChartLine[] {
  const metrics = new Set<MetricName>(spec.lines.map((line) => line.metric));
  const own = series.filter((one) => metrics.has(one.metric));
  if (spec.onlyWhenNotZero && own.every((one) => one.values.every((value) => !value))) return [];

  const instances = [...new Set(own.map((one) => one.instance))].sort(byName);
  if (instances.length < (spec.instancesMin ?? 1)) return [];
  const drawn = busiest(instances, own, spec.busiest ?? instances.length);
  return drawn.flatMap((instance, nth) =>
    spec.lines.flatMap(({ metric, label, dashed = false, filled = false }, line) => {
      const found = own.find((one) => one.metric === metric && one.instance === instance);
      if (found === undefined) return [];
      return [{ label: label(instance), color: instance === '' ? line : nth, dashed, filled, values: found.values }];
    }),
  );
}

function busiest(instances: string[], series: MetricsResult['series'], count: number): string[] {
  if (instances.length <= count) return instances;
  const sums = new Map<string, number>();
  for (const { instance, values } of series) {
    const sum = values.reduce<number>((total, value) => total + (value ?? 0), 0);
    sums.set(instance, (sums.get(instance) ?? 0) + sum);
  }
  return instances
    .toSorted((one, other) => (sums.get(other) ?? 0) - (sums.get(one) ?? 0))
    .slice(0, count)
    .sort(byName);
}

// 'core 10' after 'core 9'.
const collator = new Intl.Collator('en', { numeric: true });
function byName(one: string, other: string): number {
  return collator.compare(one, other);
}
