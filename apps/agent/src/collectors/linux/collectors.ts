import type { CollectorSet } from '../reading.ts';
import { batteryCollector } from './battery.ts';
import { cpuCollector } from './cpu.ts';
import { disksCollector } from './disks.ts';
import { createFileSystems } from './file-systems.ts';
import { machineCollector } from './machine.ts';
import { memoryCollector } from './memory.ts';
import { networkCollector } from './network.ts';
import { processesCollector } from './processes.ts';
import { temperatureCollector } from './temperature.ts';
import { openTree } from './tree.ts';
import { usersCollector } from './users.ts';

/** The collectors of Linux: files of /proc, /sys, /etc and /run; no child process but the rare survey's. */
export function linuxCollectors({
  root,
  now,
  agentVersion,
}: {
  root: string;
  now: () => number;
  agentVersion: string;
}): CollectorSet {
  const tree = openTree(root);
  const fileSystems = createFileSystems(tree);
  return {
    cpu: cpuCollector(tree),
    memory: memoryCollector(tree),
    disks: disksCollector(tree, fileSystems, now),
    network: networkCollector(tree, now),
    processes: processesCollector(tree, now),
    temperature: temperatureCollector(tree, now),
    battery: batteryCollector(tree),
    uptime: () => ({
      points: [{ metric: 'uptime', instance: '', value: Number.parseFloat(tree.readNow('/proc/uptime')) }],
    }),
    users: usersCollector(tree),
    machine: machineCollector(tree, { agentVersion, fileSystems, now }),
  };
}
