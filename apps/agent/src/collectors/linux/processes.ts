import { setImmediate } from 'node:timers/promises';
import type { ProcessEntry } from '@bulwark/protocol';
import { heaviest, processEntry } from '../heaviest.ts';
import type { Collect, Contribution } from '../reading.ts';
import { kilobytes, parseKeyValues } from './key-values.ts';
import { createUserNames } from './passwd.ts';
import { type ProcessStat, parseProcessStat } from './process-stat.ts';
import type { Tree } from './tree.ts';

/** USER_HZ, the unit of processor time in /proc on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;
const READ_AT_ONCE = 256; // then other work gets its turn

interface Sample extends ProcessStat {
  /** Percent of one core since the last pass. */
  cpu: number;
}

/**
 * How many processes there are, and the five heaviest by processor and by memory.
 *
 * Names only, never arguments: those carry passwords, tokens and customers' names, and every user of the console
 * would see them.
 */
export function processesCollector(tree: Tree, now: () => number): Collect {
  const userName = createUserNames(tree);
  let previous: Map<number, ProcessStat> | undefined;
  let measuredAt = Number.NaN;

  return async () => {
    const at = now();
    const stats = await readStats(tree);
    const seconds = (at - measuredAt) / 1000;
    const before = previous;
    previous = new Map(stats.map((stat) => [stat.pid, stat]));
    measuredAt = at;

    const contribution: Contribution = { points: [{ metric: 'processes.count', instance: '', value: stats.length }] };
    if (!before || !(seconds > 0)) return contribution;
    const samples = stats.map((stat) => ({ ...stat, cpu: cpuPercent(before.get(stat.pid), stat, seconds) }));
    const describe = (sample: Sample) => describeProcess(tree, sample, userName);
    return {
      ...contribution,
      states: {
        processes: {
          topByCpu: heaviest(samples, ({ cpu }) => cpu).flatMap(describe),
          topByMemory: heaviest(samples, ({ residentPages }) => residentPages).flatMap(describe),
        },
      },
    };
  };
}

async function readStats(tree: Tree): Promise<ProcessStat[]> {
  const stats: ProcessStat[] = [];
  for (const [i, name] of tree.listNow('/proc').entries()) {
    if (i % READ_AT_ONCE === READ_AT_ONCE - 1) await setImmediate();
    if (!/^\d/.test(name)) continue;
    try {
      stats.push(parseProcessStat(tree.readNow(`/proc/${name}/stat`)));
    } catch {
      // ended since the listing
    }
  }
  return stats;
}

/** A process that was not there at the last pass has used all its time since. */
function cpuPercent(before: ProcessStat | undefined, stat: ProcessStat, seconds: number): number {
  const ticksBefore = before?.startedAt === stat.startedAt ? before.ticks : 0;
  return ((stat.ticks - ticksBefore) / TICKS_PER_SECOND / seconds) * 100;
}

/** One entry; none when the process has ended meanwhile. */
function describeProcess(tree: Tree, sample: Sample, userName: (uid: number) => string): ProcessEntry[] {
  try {
    const status = parseKeyValues(tree.readNow(`/proc/${sample.pid}/status`), ':');
    const [, effectiveUid] = (status.get('Uid') ?? '').split('\t'); // whose rights it has, as ps(1) shows
    const entry = {
      pid: sample.pid,
      name: processName(tree, sample),
      user: userName(Number(effectiveUid)),
      cpu: sample.cpu,
      memoryBytes: kilobytes(status.get('VmRSS')),
    };
    return [processEntry(entry)];
  } catch {
    return [];
  }
}

const COMM_BYTES_MAX = 15;
/** What Node and other runtimes name their first thread, by which the kernel then calls the process. */
const MAIN_THREAD = 'MainThread';

/**
 * The kernel's name, or the program's where that one is cut or says nothing. The program's is the first word of
 * argv[0] without its folders: a process may write its whole title there, arguments included.
 */
function processName(tree: Tree, { pid, comm }: ProcessStat): string {
  const isCut = Buffer.byteLength(comm) >= COMM_BYTES_MAX;
  if (!isCut && comm !== MAIN_THREAD) return comm;
  const [title = ''] = tree.readStart(`/proc/${pid}/cmdline`, 256).split(/[\0\s]/, 1);
  const program = title.slice(title.lastIndexOf('/') + 1);
  return program && (comm === MAIN_THREAD || program.startsWith(comm)) ? program : comm;
}
