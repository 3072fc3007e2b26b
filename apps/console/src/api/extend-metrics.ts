import type { MetricName, MetricsResult, SampleEvent } from '@bulwark/protocol';

/**
 * Adds live reports to the answer of a query, step by step as the server would have: a report inside the last step
 * replaces its value (the next query brings the mean), a step without a report is null, and the window moves along.
 * Series that only the reports have are left for the next query.
 */
export function extendMetrics(result: MetricsResult, samples: readonly SampleEvent[]): MetricsResult {
  const lastStep = result.times.at(-1);
  const fresh = samples.filter((sample) => lastStep !== undefined && sample.time >= lastStep);
  const newest = fresh.at(-1);
  if (lastStep === undefined || newest === undefined) return result;

  const { stepMs } = result;
  const added = Math.floor((newest.time - lastStep) / stepMs);
  // An hour in a sleeping laptop: the query that runs on waking fills it; do not allocate for it.
  if (added > result.times.length) return result;

  const times = [...result.times];
  for (let step = 1; step <= added; step++) times.push(lastStep + step * stepMs);
  const series = result.series.map((one) => ({ ...one, values: [...one.values, ...nulls(added)] }));
  const at = new Map(series.map((one) => [seriesName(one.metric, one.instance), one.values]));

  for (const sample of fresh) {
    const index = result.times.length - 1 + Math.floor((sample.time - lastStep) / stepMs);
    for (const { metric, instance, value } of sample.values) {
      const values = at.get(seriesName(metric, instance));
      if (values !== undefined) values[index] = value;
    }
  }

  const to = Math.max(result.to, newest.time);
  const from = result.from + (to - result.to);
  const dropped = times.findIndex((time) => time + stepMs > from);
  return {
    ...result,
    from,
    to,
    times: times.slice(dropped),
    series: series.map((one) => ({ ...one, values: one.values.slice(dropped) })),
  };
}

function seriesName(metric: MetricName, instance: string): string {
  return `${metric} ${instance}`;
}

function nulls(count: number): null[] {
  return new Array<null>(count).fill(null);
}
