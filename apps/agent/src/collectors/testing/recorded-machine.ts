import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A machine's files in a temporary folder, removed when the test ends. */
export interface RecordedMachine {
  root: string;
  /** Writes or replaces files; a path that ends in '/' is an empty folder. */
  write(files: Record<string, string | Buffer>): void;
  remove(path: string): void;
}

/** Lays out the files of a machine; `files` are written at once. */
export function recordMachine(t: TestContext, files: Record<string, string | Buffer> = {}): RecordedMachine {
  const root = mkdtempSync(join(tmpdir(), 'bulwark-collectors-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const machine: RecordedMachine = {
    root,
    write(changed) {
      for (const [path, content] of Object.entries(changed)) {
        const file = join(root, path);
        mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
        if (!path.endsWith('/')) writeFileSync(file, content);
      }
    },
    remove: (path) => rmSync(join(root, path), { recursive: true }),
  };
  machine.write(files);
  return machine;
}

/** What every Linux has: enough for each collector to succeed. One core, one disk, one interface, two processes. */
export const SMALL_LINUX = {
  '/proc/stat': 'cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\nintr 1 0\nbtime 1700000000\n',
  '/proc/loadavg': '0.50 0.25 0.10 1/2 99\n',
  '/proc/uptime': '1000.50 900.00\n',
  '/proc/meminfo':
    'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nSwapTotal:       200 kB\nSwapFree:        150 kB\n',
  '/proc/self/mountinfo': '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n',
  '/proc/diskstats': '   8       0 sda 10 0 100 5 20 0 200 5 0 5 10\n   8       1 sda1 10 0 100 5 20 0 200 5 0 5 10\n',
  '/sys/block/sda/': '',
  '/proc/net/dev':
    'Inter-|   Receive  |  Transmit\n face |bytes packets errs\n    lo: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n  eth0:1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\n',
  '/proc/1/stat': processStat({ pid: 1, comm: 'init', ticks: 10, startedAt: 1, pages: 10 }),
  '/proc/1/status': 'Name:\tinit\nUid:\t0\t0\t0\t0\nVmRSS:\t      40 kB\n',
  '/proc/42/stat': processStat({ pid: 42, comm: 'sh', ticks: 10, startedAt: 50, pages: 20 }),
  '/proc/42/status': 'Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nVmRSS:\t      80 kB\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n',
  '/etc/os-release': 'NAME="Example Linux"\nVERSION_ID="12"\n',
  '/proc/cpuinfo': 'processor\t: 0\nmodel name\t: Example CPU\nphysical id\t: 0\ncore id\t\t: 0\n\n',
  '/proc/sys/kernel/hostname': 'small\n',
  '/proc/sys/kernel/osrelease': '6.1.0\n',
};

/** One line of /proc/[pid]/stat; its 22nd field is the start and its 24th the resident pages. */
export function processStat({
  pid,
  comm,
  ticks,
  startedAt,
  pages,
}: {
  pid: number;
  comm: string;
  ticks: number;
  startedAt: number;
  pages: number;
}): string {
  return `${pid} (${comm}) S 1 1 1 0 -1 4194560 0 0 0 0 ${ticks} 0 7 7 20 0 1 0 ${startedAt} 999999 ${pages} 18446744073709551615 1 1\n`;
}
