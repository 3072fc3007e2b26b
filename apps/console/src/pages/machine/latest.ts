import type { LatestValue, MetricName } from '@bulwark/protocol';

/** The latest values of one machine, by metric and instance. */
export interface Latest {
  /** null where it was never reported, or is not known. */
  one: (metric: MetricName, instance?: string) => number | null;
  /** The sum over all instances; null where there is none. */
  sum: (metric: MetricName) => number | null;
  /** In the order they came. */
  instances: (metric: MetricName) => string[];
}

/** Makes the values of an answer or a report easy to ask for. */
export function latestOf(values: readonly LatestValue[]): Latest {
  const byMetric = new Map<MetricName, Map<string, number | null>>();
  for (const { metric, instance, value } of values) {
    const instances = byMetric.get(metric) ?? new Map<string, number | null>();
    byMetric.set(metric, instances.set(instance, value));
  }
  return {
    one: (metric, instance = '') => byMetric.get(metric)?.get(instance) ?? null,
    sum: (metric) => {
      const known = [...(byMetric.get(metric)?.values() ?? [])].filter((value) => value !== null);
      return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
    },
    instances: (metric) => [...(byMetric.get(metric)?.keys() ?? [])],
  };
}
