import { performance } from 'node:perf_hooks';
import type { States } from '@bulwark/protocol';
import { CollectorError } from './errors.ts';
import { limitPoints } from './limits.ts';
import { linuxCollectors } from './linux/collectors.ts';
import { portableCollectors } from './portable/collectors.ts';
import { COLLECTOR_NAMES, type CollectorName, type Point, type Reading } from './reading.ts';
import { type Supervised, supervise } from './supervise.ts';

export { CollectorError, type CollectorErrorCode } from './errors.ts';
export { COLLECTOR_NAMES, type CollectorName, type Point, type Reading } from './reading.ts';

/** What this machine measures about itself. */
export interface Collectors {
  /**
   * Measures once; never rejects, and takes at most the time limit of one collector. Rates are averages since the
   * last call, so the first call has none, and no `processes` document. Calls must not overlap.
   */
  collect(): Promise<Reading>;
  /** The collectors that gave nothing, or not all, in the last reading. Safe to log: says no measured name or value. */
  failures(): { collector: string; reason: string }[];
}

export interface CollectorOptions {
  /** Reported as a fact of the machine. */
  agentVersion: string;
  /** Where /proc, /sys, /etc and /run are found (Linux); anything but '/' is a recorded machine. */
  root?: string;
  /** Milliseconds on a monotonic clock. */
  now?: () => number;
  /** Names of COLLECTOR_NAMES to leave out. */
  disabled?: string[];
  /** For each collector. Elsewhere than on Linux they start child processes, which takes longer. */
  timeoutMs?: number;
  platform?: NodeJS.Platform;
}

/**
 * The collectors of this machine: read from /proc and /sys on Linux, through systeminformation elsewhere.
 *
 * @throws CollectorError ERR_UNKNOWN_COLLECTOR A misspelt name must not leave a collector on that the owner meant to
 * disable.
 */
export function createCollectors({
  agentVersion,
  root = '/',
  now = () => performance.now(),
  disabled = [],
  platform = process.platform,
  timeoutMs = platform === 'linux' ? 2_000 : 8_000,
}: CollectorOptions): Collectors {
  requireNames(disabled);
  const set =
    platform === 'linux'
      ? linuxCollectors({ root, now, agentVersion })
      : portableCollectors({ platform, now, agentVersion });
  const supervised = new Map<CollectorName, Supervised>();
  for (const name of COLLECTOR_NAMES) {
    if (!disabled.includes(name)) supervised.set(name, supervise(set[name], { timeoutMs, now }));
  }

  return {
    async collect() {
      const contributions = await Promise.all([...supervised.values()].map((collector) => collector.run()));
      const points: Point[] = contributions.flatMap((contribution) => contribution.points ?? []);
      const states: States = Object.assign({}, ...contributions.map((contribution) => contribution.states));
      return { points: limitPoints(points), states };
    },
    failures: () =>
      [...supervised].flatMap(([collector, { failure }]) => {
        const reason = failure();
        return reason ? [{ collector, reason }] : [];
      }),
  };
}

function requireNames(disabled: string[]): void {
  const names: readonly string[] = COLLECTOR_NAMES;
  const unknown = disabled.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new CollectorError(
      'ERR_UNKNOWN_COLLECTOR',
      `disabled: no collector is called ${unknown.join(', ')}; there are ${names.join(', ')}`,
    );
  }
}
