import { hostname, networkInterfaces, totalmem, uptime } from 'node:os';
import type { MachineInfo } from '@bulwark/protocol';
import { describeDisks } from '../file-system.ts';
import { describeInterfaces } from '../interfaces.ts';
import { text } from '../limits.ts';
import type { Collect } from '../reading.ts';
import { createSurveyor, type Survey } from '../survey.ts';
import { readFileSystems } from './disks.ts';
import { hold } from './hold.ts';

interface Options {
  agentVersion: string;
  everyMs: number;
  now: () => number;
}

/** The facts of the machine; nothing until the survey, which knows most of them, is done. */
export function machineCollector({ agentVersion, everyMs, now }: Options): Collect {
  const surveyor = createSurveyor({ now });
  // Once: computed anew it would differ by a second now and then, and each time be sent as a change.
  const bootedAt = Math.round(Date.now() / 1000 - uptime()) * 1000;
  const describe = async (survey: Survey) => ({
    states: { machine: await describeMachine(survey, { agentVersion, bootedAt }) },
  });
  let latest: Survey;
  const held = hold(() => describe(latest), { everyMs, now });

  return async () => {
    const survey = surveyor.latest();
    const problem = surveyor.problem();
    if (survey) latest = survey;
    return { ...(survey && (await held())), ...(problem && { problem }) };
  };
}

async function describeMachine(
  { cpu, os, gpus, vendor, model, serial, hypervisor }: Survey,
  { agentVersion, bootedAt }: { agentVersion: string; bootedAt: number },
): Promise<MachineInfo> {
  return {
    hostname: text(hostname()),
    os,
    cpu,
    memoryBytes: totalmem(),
    disks: describeDisks(await readFileSystems()),
    interfaces: describeInterfaces(networkInterfaces()),
    gpus,
    vendor,
    model,
    serial,
    virtualization: hypervisor,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    bootedAt,
    agentVersion: text(agentVersion),
  };
}
