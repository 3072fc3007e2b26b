import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import type { ProcessEntry } from '@bulwark/protocol';
import { heaviest, processEntry } from '../heaviest.ts';
import type { Collect } from '../reading.ts';
import { systemInformation } from '../system-information.ts';

const run = promisify(execFile);

/** How many processes there are, and the five heaviest by processor and by memory. Names only, never arguments. */
export function processesCollector(platform: NodeJS.Platform): Collect {
  const list = platform === 'win32' ? listOnWindows : listWithPs;
  return async () => {
    const processes = await list();
    return {
      points: [{ metric: 'processes.count', instance: '', value: processes.length }],
      states: {
        processes: {
          topByCpu: heaviest(processes, ({ cpu }) => cpu).map(processEntry),
          topByMemory: heaviest(processes, ({ memoryBytes }) => memoryBytes).map(processEntry),
        },
      },
    };
  };
}

/**
 * Asks ps(1) itself: the library has it print whole command lines and guesses where the name ends, so that
 * 'mysql password' would be a process name. `ucomm` is the kernel's name and knows no arguments.
 */
async function listWithPs(): Promise<ProcessEntry[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=', '-o', 'pcpu=', '-o', 'rss=', '-o', 'user=', '-o', 'ucomm='], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, // a decimal point, not a comma
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, cpu, kilobytes, user = '', name = ''] = /^ *(\d+) +([\d.]+) +(\d+) +(\S+) +(.+)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), name, user, cpu: Number(cpu), memoryBytes: Number(kilobytes) * 1024 }] : [];
  });
}

/** Here the library's name is the program's file name. Its percent is of all cores, ours of one. */
async function listOnWindows(): Promise<ProcessEntry[]> {
  const si = await systemInformation();
  const cores = cpus().length;
  const { list } = await si.processes();
  return list
    .filter(({ pid }) => pid !== 0) // the idle process
    .map(({ pid, name, user, cpu, memRss }) => ({ pid, name, user, cpu: cpu * cores, memoryBytes: memRss * 1024 }));
}
