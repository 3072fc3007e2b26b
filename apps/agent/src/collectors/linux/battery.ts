import { batteryContribution } from '../battery-contribution.ts';
import { text } from '../limits.ts';
import type { Collect } from '../reading.ts';
import type { Tree } from './tree.ts';

const SUPPLIES = '/sys/class/power_supply';

/** The machine's own batteries; a mouse's or keyboard's is scope Device. */
export function batteryCollector(tree: Tree): Collect {
  return async () => {
    const batteries = [];
    for (const name of (await tree.list(SUPPLIES)).sort()) {
      const read = (file: string) => tree.readIfAny(`${SUPPLIES}/${name}/${file}`);
      if ((await read('type')) !== 'Battery' || (await read('scope')) === 'Device') continue;
      const percent = Number.parseInt(await read('capacity'), 10);
      if (Number.isNaN(percent)) continue; // an empty bay
      const cycles = Number.parseInt(await read('cycle_count'), 10);
      batteries.push({
        name: text(name),
        percent: Math.min(Math.max(percent, 0), 100),
        charging: (await read('status')) === 'Charging',
        cycles: cycles > 0 ? cycles : null, // 0 is what drivers say that cannot count
      });
    }
    return batteryContribution(batteries);
  };
}
