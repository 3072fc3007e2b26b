import type { MachineInfo } from '@bulwark/protocol';
import { count, text } from './limits.ts';
import type { Point } from './reading.ts';

/** A mounted file system that stores something. Used and available leave out what is reserved for root. */
export interface FileSystem {
  mount: string;
  /** What is mounted: /dev/sda1, server:/export, tank/home. */
  device: string;
  type: string;
  sizeBytes: number;
  usedBytes: number;
  availableBytes: number;
}

/** Of one machine's hundreds (each ZFS dataset may be one) the first. */
export const FILE_SYSTEMS_MAX = 100;

/** Space as df(1) counts it: percent of what users can fill, so that 100 means full for them. */
export function spacePoints(fileSystems: FileSystem[]): Point[] {
  return fileSystems.flatMap(({ mount: instance, sizeBytes, usedBytes, availableBytes }): Point[] => [
    { metric: 'disk.total', instance, value: sizeBytes },
    { metric: 'disk.used', instance, value: usedBytes },
    { metric: 'disk.percent', instance, value: (100 * usedBytes) / (usedBytes + availableBytes) },
  ]);
}

/** File systems as facts of the machine. */
export function describeDisks(fileSystems: FileSystem[]): MachineInfo['disks'] {
  return fileSystems.map(({ mount, device, type, sizeBytes }) => ({
    mount: text(mount),
    device: text(device),
    type: text(type),
    sizeBytes: count(sizeBytes),
  }));
}
