import { uptime } from 'node:os';
import type { Collect, CollectorSet } from '../reading.ts';
import { cpuCollector } from './cpu.ts';
import { disksCollector } from './disks.ts';
import { hold } from './hold.ts';
import { machineCollector } from './machine.ts';
import { memoryCollector } from './memory.ts';
import { networkCollector } from './network.ts';
import { processesCollector } from './processes.ts';
import { batteryCollector, temperatureCollector } from './sensors.ts';
import { usersCollector } from './users.ts';

const SLOW_EVERY_MS = 60_000;

/**
 * The collectors of macOS and Windows, by node:os and systeminformation. Most of the latter's calls start a child
 * process, so what changes slowly is measured once a minute. They run on Linux too.
 */
export function portableCollectors({
  platform,
  now,
  agentVersion,
}: {
  platform: NodeJS.Platform;
  now: () => number;
  agentVersion: string;
}): CollectorSet {
  const slowly = (collect: Collect) => hold(collect, { everyMs: SLOW_EVERY_MS, now });
  return {
    cpu: cpuCollector(platform),
    memory: memoryCollector,
    disks: disksCollector({ spaceEveryMs: SLOW_EVERY_MS, now }),
    network: networkCollector(now),
    processes: slowly(processesCollector(platform)),
    temperature: slowly(temperatureCollector),
    battery: slowly(batteryCollector),
    uptime: () => ({ points: [{ metric: 'uptime', instance: '', value: uptime() }] }),
    users: slowly(usersCollector),
    machine: machineCollector({ agentVersion, everyMs: SLOW_EVERY_MS, now }),
  };
}
