import { spacePoints } from '../file-system.ts';
import { type Counters, createRates } from '../rates.ts';
import type { Collect } from '../reading.ts';
import type { FileSystemsReading } from './file-systems.ts';
import type { Tree } from './tree.ts';

/** The unit of /proc/diskstats, whatever the disk's own sector size is. */
const SECTOR_BYTES = 512;

/** Space by mount point, input and output by disk. */
export function disksCollector(tree: Tree, fileSystems: () => Promise<FileSystemsReading>, now: () => number): Collect {
  const rates = createRates(now);
  return async () => {
    const io = rates(parseDiskCounters(tree.readNow('/proc/diskstats'), wholeDisks(tree)));
    const { fileSystems: measured, silent } = await fileSystems();
    return {
      points: [...spacePoints(measured), ...io],
      ...(silent > 0 && { problem: `${silent} file systems do not answer` }),
    };
  };
}

/**
 * The disks themselves: /sys/block lists them without their partitions, which would count the same work again. So
 * would what is stacked on them (dm: LVM and encryption, md: RAID). Loop, ram, floppy and optical drives are no disks.
 */
function wholeDisks(tree: Tree): Set<string> {
  return new Set(tree.listNow('/sys/block').filter((name) => !/^(loop|ram|zram|fd|sr|dm-|md)\d/.test(name)));
}

/** The counters of proc_diskstats(5). A disk that never did anything is an empty slot (nbd0, a card reader). */
function parseDiskCounters(diskstats: string, disks: Set<string>): Counters {
  const counters: Counters = new Map();
  for (const line of diskstats.split('\n')) {
    const [, , name = '', ...fields] = line.trim().split(/ +/);
    if (!disks.has(name.replaceAll('/', '!'))) continue; // cciss/c0d0 is cciss!c0d0 in /sys
    const [reads = 0, , sectorsRead = 0, , writes = 0, , sectorsWritten = 0] = fields.map(Number);
    if (reads + writes === 0) continue;
    counters.set(name, {
      'disk.read': sectorsRead * SECTOR_BYTES,
      'disk.write': sectorsWritten * SECTOR_BYTES,
      'disk.reads': reads,
      'disk.writes': writes,
    });
  }
  return counters;
}
