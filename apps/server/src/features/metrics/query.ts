import { isMetricName, METRICS, type MetricName, type MetricsResult } from '@bulwark/protocol';
import type { Dictionary } from '@bulwark/telemetry';
import type { Machine } from '../machines/store.ts';
import { type History, UNREADABLE } from './history.ts';

export interface MetricsRange {
  readonly metrics: readonly MetricName[];
  readonly from: number;
  readonly to: number;
  readonly points: number;
  /** How often the machine reports: no step is shorter. */
  readonly intervalMs: number;
}

/** Steps that read well on a time axis, ms. */
const STEPS_MS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].map((seconds) => seconds * 1000);

/** Reports may come in this much after they were taken and still count to a range that ends in the past. */
const EARLY_MS = 5 * 60_000;

/** Means of each step over a range, for every series of the wanted metrics. */
export async function queryMetrics(history: History, machine: Machine, range: MetricsRange): Promise<MetricsResult> {
  const { intervalMs } = range;
  const stepMs = chooseStep((range.to - range.from) / range.points, intervalMs);
  const start = Math.floor(range.from / stepMs) * stepMs;
  const steps = Math.max(1, Math.ceil((range.to - start) / stepMs));
  const series = new Map<string, Means>();
  const wantedColumns = columnChooser(series, new Set(range.metrics), steps);
  let unreadable = 0;

  // A report is never received before it was taken, but for clocks that disagree a little.
  for await (const report of history.read(machine, start - EARLY_MS)) {
    if (report === UNREADABLE) {
      unreadable += 1;
      continue;
    }
    const { batch, time } = report;
    for (const { column, means } of wantedColumns(report.dictionary)) {
      const values = batch.columns[column] ?? [];
      for (let point = 0; point < values.length; point++) {
        const value = values[point];
        const step = Math.floor((time + point * batch.stepMs - start) / stepMs);
        if (value === null || value === undefined || step < 0 || step >= steps) continue;
        means.sums[step] = (means.sums[step] ?? 0) + value;
        means.counts[step] = (means.counts[step] ?? 0) + 1;
      }
    }
  }

  return {
    from: range.from,
    to: range.to,
    stepMs,
    times: Array.from({ length: steps }, (_, step) => start + step * stepMs),
    series: [...series.values()].map(({ metric, instance, sums, counts }) => ({
      metric,
      instance,
      unit: METRICS[metric].unit,
      values: means(sums, counts, stepMs < 2 * intervalMs),
    })),
    unreadable,
  };
}

interface Means {
  readonly metric: MetricName;
  readonly instance: string;
  readonly sums: Float64Array;
  readonly counts: Uint32Array;
}

/** Which columns of a dictionary are wanted; found once a dictionary, since thousands of reports share one. */
function columnChooser(series: Map<string, Means>, wanted: ReadonlySet<string>, steps: number) {
  const chosen = new Map<Dictionary, { column: number; means: Means }[]>();
  return (dictionary: Dictionary) => {
    const known = chosen.get(dictionary);
    if (known) return known;
    const columns = dictionary.series.flatMap(({ metric, instance }, column) => {
      if (!isMetricName(metric) || !wanted.has(metric)) return [];
      const key = `${metric}\n${instance}`;
      const means = series.get(key) ?? {
        metric,
        instance,
        sums: new Float64Array(steps),
        counts: new Uint32Array(steps),
      };
      series.set(key, means);
      return { column, means };
    });
    chosen.set(dictionary, columns);
    return columns;
  };
}

function means(sums: Float64Array, counts: Uint32Array, isFine: boolean): (number | null)[] {
  const values = Array.from(sums, (sum, step) => (counts[step] ? round(sum / counts[step]) : null));
  // Where a step is about an interval long, a report a moment late leaves a step empty that is no gap.
  if (isFine) {
    for (let step = values.length - 2; step > 0; step--) {
      const before = values[step - 1];
      if (values[step] === null && before !== undefined && before !== null && counts[step + 1]) values[step] = before;
    }
  }
  return values;
}

function chooseStep(leastMs: number, intervalMs: number): number {
  const least = Math.max(leastMs, intervalMs);
  return STEPS_MS.find((step) => step >= least) ?? Math.ceil(least / 3_600_000) * 3_600_000;
}

/** Three decimals are more than any chart shows. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
