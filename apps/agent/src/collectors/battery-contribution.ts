import type { Batteries } from '@bulwark/protocol';
import type { Contribution } from './reading.ts';

const BATTERIES_MAX = 8; // the protocol's limit

/** Batteries as points and document. A machine without has neither point nor entry. */
export function batteryContribution(batteries: Batteries): Contribution {
  const reported = batteries.slice(0, BATTERIES_MAX);
  return {
    points: reported.map(({ name, percent }) => ({ metric: 'battery.percent', instance: name, value: percent })),
    states: { batteries: reported },
  };
}
