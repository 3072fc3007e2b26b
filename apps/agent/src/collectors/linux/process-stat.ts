/** What one line of /proc/[pid]/stat says of a process. */
export interface ProcessStat {
  pid: number;
  /** The kernel's name of it, cut to 15 bytes. */
  comm: string;
  /** Processor time used by itself, in ticks. Children it waited for would come all at once, so they are not in. */
  ticks: number;
  /** When it started, in ticks since boot. Tells a process from a later one with the same pid. */
  startedAt: number;
  /** Pages in memory: good for ranking; their size differs between machines. */
  residentPages: number;
}

/** Parses proc_pid_stat(5). The name may hold spaces and parentheses, so the last one ends it. */
export function parseProcessStat(line: string): ProcessStat {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  const fields = line.slice(close + 2).split(' ', 22); // from the third, the state
  return {
    pid: Number.parseInt(line, 10),
    comm: line.slice(open + 1, close),
    ticks: Number(fields[11]) + Number(fields[12]),
    startedAt: Number(fields[19]),
    residentPages: Number(fields[21]),
  };
}
