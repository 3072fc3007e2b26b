import { machine as architecture, networkInterfaces } from 'node:os';
import type { MachineInfo } from '@bulwark/protocol';
import { describeDisks } from '../file-system.ts';
import { describeInterfaces } from '../interfaces.ts';
import { count, text } from '../limits.ts';
import type { Collect } from '../reading.ts';
import { createSurveyor, known, type Survey } from '../survey.ts';
import type { FileSystemsReading } from './file-systems.ts';
import { kilobytes, parseKeyValues } from './key-values.ts';
import type { Tree } from './tree.ts';

const REFRESH_EVERY_MS = 60_000;

interface Options {
  agentVersion: string;
  fileSystems: () => Promise<FileSystemsReading>;
  now: () => number;
}

/**
 * The facts of the machine: its own files at once and every minute, joined by the survey when that is done. A
 * recorded machine is not surveyed, since other programs can look only at the running one.
 */
export function machineCollector(tree: Tree, { agentVersion, fileSystems, now }: Options): Collect {
  const surveyor = createSurveyor({ now });
  let machine: MachineInfo | undefined;
  let surveyed: Survey | undefined;
  let refreshAt = Number.NEGATIVE_INFINITY;

  return async () => {
    const survey = tree.isLive ? surveyor.latest() : undefined;
    if (!machine || survey !== surveyed || now() >= refreshAt) {
      machine = await describeMachine(tree, { survey, agentVersion, fileSystems });
      surveyed = survey;
      refreshAt = now() + REFRESH_EVERY_MS;
    }
    const problem = surveyor.problem();
    return { states: { machine }, ...(problem && { problem }) };
  };
}

async function describeMachine(
  tree: Tree,
  { survey, agentVersion, fileSystems }: Omit<Options, 'now'> & { survey: Survey | undefined },
): Promise<MachineInfo> {
  const release = parseKeyValues(
    (await tree.readIfAny('/etc/os-release')) || (await tree.readIfAny('/usr/lib/os-release')),
    '=',
  );
  const cpuinfo = tree.readNow('/proc/cpuinfo');
  const bootSeconds = /^btime (\d+)$/m.exec(tree.readNow('/proc/stat'))?.[1];
  return {
    hostname: text(tree.readNow('/proc/sys/kernel/hostname')),
    os: {
      name: text(release.get('NAME') ?? 'Linux'),
      version: text(release.get('VERSION_ID') ?? ''),
      kernel: text(tree.readNow('/proc/sys/kernel/osrelease')),
      arch: architecture(),
    },
    cpu: describeCpu(cpuinfo, survey),
    memoryBytes: count(kilobytes(parseKeyValues(tree.readNow('/proc/meminfo'), ':').get('MemTotal'))),
    disks: describeDisks((await fileSystems()).fileSystems),
    interfaces: describeInterfaces(tree.isLive ? networkInterfaces() : {}),
    gpus: survey?.gpus ?? [],
    vendor: known(await tree.readIfAny('/sys/class/dmi/id/sys_vendor')) || (survey?.vendor ?? ''),
    model: await model(tree, survey),
    serial: known(await tree.readIfAny('/sys/class/dmi/id/product_serial')) || (survey?.serial ?? ''),
    virtualization: await virtualization(tree, cpuinfo, survey),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    bootedAt: count(Number(bootSeconds) * 1000),
    agentVersion: text(agentVersion),
  };
}

/** From /proc/cpuinfo, which on ARM names neither model nor cores: there the survey knows more. */
function describeCpu(cpuinfo: string, survey: Survey | undefined): MachineInfo['cpu'] {
  const processors = cpuinfo
    .split('\n\n')
    .map((block) => parseKeyValues(block, ':'))
    .filter((p) => p.has('processor'));
  const model = processors[0]?.get('model name');
  if (!model && survey) return survey.cpu;
  const cores = new Set(processors.map((p) => `${p.get('physical id')}/${p.get('core id') ?? p.get('processor')}`));
  return { model: text(model ?? ''), cores: cores.size, threads: processors.length };
}

/** The board's name on ARM comes from the device tree, NUL-terminated. */
async function model(tree: Tree, survey: Survey | undefined): Promise<string> {
  const dmi = known(await tree.readIfAny('/sys/class/dmi/id/product_name'));
  if (dmi) return dmi;
  const board = known((await tree.readIfAny('/proc/device-tree/model')).replaceAll('\0', ''));
  return board || (survey?.model ?? '');
}

/** The innermost: a container tells more than the hypervisor around it. In the words of systemd-detect-virt(1). */
async function virtualization(tree: Tree, cpuinfo: string, survey: Survey | undefined): Promise<string> {
  const container = await tree.readIfAny('/run/systemd/container');
  if (container) return text(container);
  if (tree.exists('/.dockerenv')) return 'docker';
  if (tree.exists('/run/.containerenv')) return 'podman';
  if (/microsoft/i.test(tree.readNow('/proc/sys/kernel/osrelease'))) return 'wsl';
  if (survey?.hypervisor) return survey.hypervisor;
  return /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo) ? 'vm-other' : '';
}
