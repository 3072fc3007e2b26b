import type { MachineInfo } from '@bulwark/protocol';
import { count, text } from './limits.ts';
import { reason } from './supervise.ts';
import { systemInformation } from './system-information.ts';

/** The facts that take other programs to find (lspci, dmidecode, nvidia-smi, PowerShell …). '' where unknown. */
export interface Survey {
  vendor: string;
  model: string;
  serial: string;
  gpus: string[];
  /** The hypervisor, lower case: kvm, vmware …; '' on bare metal or when it does not tell. */
  hypervisor: string;
  cpu: MachineInfo['cpu'];
  os: MachineInfo['os'];
}

const SURVEY_EVERY_MS = 6 * 3_600_000;
const RETRY_AFTER_MS = 10 * 60_000;

/** The last survey, and what stands in the way of a newer one. */
export interface Surveyor {
  /** Undefined until the first survey is done. Starts one in the background when it is time. */
  latest(): Survey | undefined;
  problem(): string | undefined;
}

/**
 * Surveys in the background, at the first question and every six hours: it starts child processes and may take
 * seconds, and no report should wait for it.
 */
export function createSurveyor({
  now,
  survey = surveyMachine,
}: {
  now: () => number;
  survey?: () => Promise<Survey>;
}): Surveyor {
  let latest: Survey | undefined;
  let problem: string | undefined;
  let running = false;
  let dueAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    running = true;
    try {
      latest = await survey();
      problem = undefined;
      dueAt = now() + SURVEY_EVERY_MS;
    } catch (error) {
      problem = `machine survey: ${reason(error)}`;
      dueAt = now() + RETRY_AFTER_MS;
    } finally {
      running = false;
    }
  }

  return {
    latest() {
      if (!running && now() >= dueAt) void run();
      return latest;
    },
    problem: () => problem,
  };
}

/** Asks systeminformation for all of it. */
export async function surveyMachine(): Promise<Survey> {
  const si = await systemInformation();
  const [system, graphics, cpu, os] = await Promise.all([si.system(), si.graphics(), si.cpu(), si.osInfo()]);
  return {
    vendor: known(system.manufacturer),
    model: known(system.model),
    serial: known(system.serial),
    gpus: graphics.controllers
      .map(({ vendor, model }) => gpuName(vendor, model))
      .filter(Boolean)
      .slice(0, 32),
    hypervisor: system.virtual ? known(system.virtualHost ?? '').toLowerCase() : '',
    cpu: {
      model: text(`${cpu.manufacturer} ${cpu.brand}`),
      cores: count(cpu.physicalCores),
      threads: count(cpu.cores),
    },
    os: { name: text(os.distro), version: text(os.release), kernel: text(os.kernel), arch: text(os.arch) },
  };
}

/** '' for what board makers write when they have nothing to say, and the library for a container. */
export function known(value: string): string {
  const placeholder =
    /^(-|0+|none|default string|not specified|not applicable|docker container|to be filled by o\.?e\.?m\.?|system (manufacturer|product name|serial number))$/i;
  const trimmed = value.trim();
  return placeholder.test(trimmed) ? '' : text(trimmed);
}

function gpuName(vendor: string, model: string): string {
  return text(model.startsWith(vendor) ? model : `${vendor} ${model}`);
}
