import { FILE_SYSTEMS_MAX, type FileSystem, spacePoints } from '../file-system.ts';
import { type Counters, createRates } from '../rates.ts';
import type { Collect } from '../reading.ts';
import { systemInformation } from '../system-information.ts';
import { hold } from './hold.ts';

/** Space by mount point or drive letter; input and output of all disks together. */
export function disksCollector({ spaceEveryMs, now }: { spaceEveryMs: number; now: () => number }): Collect {
  const rates = createRates(now);
  const space = hold(async () => ({ points: spacePoints(await readFileSystems()) }), { everyMs: spaceEveryMs, now });
  return async () => {
    const [{ points = [] }, counters] = await Promise.all([space(), readDiskCounters()]);
    return { points: [...points, ...rates(counters)] };
  };
}

/** The library adds all disks up, so there is one instance; on Windows it counts nothing. */
async function readDiskCounters(): Promise<Counters> {
  const si = await systemInformation();
  // Null on Windows, which the types do not say.
  const [bytes, operations] = (await Promise.all([si.fsStats(), si.disksIO()])) as [
    { rx: number; wx: number } | null,
    { rIO: number; wIO: number } | null,
  ];
  const counters = {
    ...(bytes && { 'disk.read': bytes.rx, 'disk.write': bytes.wx }),
    ...(operations && { 'disk.reads': operations.rIO, 'disk.writes': operations.wIO }),
  };
  return new Map([['', counters]]);
}

/** The file systems worth a series; without disc images (read-only) and the hidden volumes of macOS. */
export async function readFileSystems(): Promise<FileSystem[]> {
  const si = await systemInformation();
  const listed = await si.fsSize();
  return listed
    .filter(({ mount, size }) => size > 0 && !mount.startsWith('/System/Volumes/'))
    .filter(({ mount, rw }) => mount === '/' || rw !== false)
    .slice(0, FILE_SYSTEMS_MAX)
    .map(({ mount, fs, type, size, used, available }) => ({
      mount,
      device: fs,
      type,
      sizeBytes: size,
      // Volumes of one APFS container share its space: what another volume took is taken here too.
      usedBytes: type === 'APFS' ? size - available : used,
      availableBytes: available,
    }));
}
