import { CollectorError } from '../errors.ts';
import { memoryPoints } from '../memory-points.ts';
import type { Collect } from '../reading.ts';
import { kilobytes, parseKeyValues } from './key-values.ts';
import type { Tree } from './tree.ts';

/** Memory and swap, from /proc/meminfo. */
export function memoryCollector(tree: Tree): Collect {
  return () => {
    const meminfo = parseKeyValues(tree.readNow('/proc/meminfo'), ':');
    const bytes = (key: string) => {
      const value = kilobytes(meminfo.get(key));
      if (Number.isNaN(value)) throw new CollectorError('ERR_FORMAT', `/proc/meminfo has no ${key}`);
      return value;
    };
    return {
      points: memoryPoints({
        total: bytes('MemTotal'),
        available: bytes('MemAvailable'),
        swapTotal: bytes('SwapTotal'),
        swapUsed: bytes('SwapTotal') - bytes('SwapFree'),
      }),
    };
  };
}
