import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A machine's files, the running one's or a recorded one's.
 *
 * /proc is read synchronously: it is memory, the read cannot wait for a device, and four trips through the thread
 * pool would cost ten times the read. /sys may ask a device (a sensor on a slow bus, a battery's controller), so it
 * is read asynchronously.
 */
export interface Tree {
  /** Whether this is the running machine. */
  isLive: boolean;
  /** Where a path of the machine is to be found here. */
  path(path: string): string;
  exists(path: string): boolean;
  /** Milliseconds since the epoch; undefined where there is no such file. */
  modifiedAt(path: string): number | undefined;
  readNow(path: string): string;
  /** At most the first `bytes` of a file. */
  readStart(path: string, bytes: number): string;
  /** Names in a folder; none where there is no such folder. */
  listNow(path: string): string[];
  /** Trimmed; '' where the file is absent or its device does not answer. */
  readIfAny(path: string): Promise<string>;
  readBytes(path: string): Promise<Buffer>;
  list(path: string): Promise<string[]>;
}

/** The machine whose root directory is `root`. */
export function openTree(root: string): Tree {
  const path = (inside: string) => join(root, inside);
  return {
    isLive: root === '/',
    path,
    exists: (file) => existsSync(path(file)),
    modifiedAt: (file) => statSync(path(file), { throwIfNoEntry: false })?.mtimeMs,
    readNow: (file) => readFileSync(path(file), 'utf8'),
    readStart: (file, bytes) => readStart(path(file), bytes),
    listNow: (folder) => (existsSync(path(folder)) ? readdirSync(path(folder)) : []),
    readIfAny: (file) =>
      readFile(path(file), 'utf8').then(
        (content) => content.trim(),
        () => '',
      ),
    readBytes: (file) => readFile(path(file)),
    list: (folder) => readdir(path(folder)).catch(noneIfAbsent),
  };
}

function readStart(file: string, bytes: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(bytes);
    return start.toString('utf8', 0, readSync(descriptor, start));
  } finally {
    closeSync(descriptor);
  }
}

function noneIfAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
