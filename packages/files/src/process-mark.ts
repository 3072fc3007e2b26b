import { readFile, readlink } from 'node:fs/promises';

// Names a process so that another can tell whether it still runs: boot id, pid namespace, pid, start time in ticks.
// The start time tells a process from a later one with the same pid. Linux only: elsewhere there is nothing to name.

/** How a mark looks, within a file name. */
export const PROCESS_MARK = /[0-9a-f]{32}\.\d+\.\d+\.\d+/;

/** The mark of this process; `undefined` where the system cannot tell. */
export async function thisProcess(): Promise<string | undefined> {
  try {
    return `${await here()}.${process.pid}.${await startTicks(process.pid)}`;
  } catch {
    return undefined;
  }
}

/** Whether the process surely has ended. False for one of another boot, machine or container: it may well be running. */
export async function hasEnded(mark: string): Promise<boolean> {
  const [boot, namespace, pid = '', startedAt] = mark.split('.');
  if (`${boot}.${namespace}` !== (await here().catch(() => undefined))) return false;
  if (!isThere(Number(pid))) return true;
  const now = await startTicks(Number(pid)).catch(() => startedAt);
  return now !== startedAt;
}

async function here(): Promise<string> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).replace(/[^0-9a-f]/g, '');
  const namespace = (await readlink('/proc/self/ns/pid')).replace(/\D/g, '');
  return `${boot}.${namespace}`;
}

// A zombie has one too: until its parent has waited for it, its threads may still be writing.
async function startTicks(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // proc_pid_stat(5); from field 3 on
  return fields[19];
}

// EPERM means that it is there and another user's.
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
