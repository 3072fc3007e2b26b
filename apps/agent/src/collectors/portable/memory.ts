import { memoryPoints } from '../memory-points.ts';
import type { Collect } from '../reading.ts';
import { systemInformation } from '../system-information.ts';

/** Memory and swap. */
export const memoryCollector: Collect = async () => {
  const si = await systemInformation();
  const { total, available, swaptotal, swapused } = await si.mem();
  return { points: memoryPoints({ total, available, swapTotal: swaptotal, swapUsed: swapused }) };
};
