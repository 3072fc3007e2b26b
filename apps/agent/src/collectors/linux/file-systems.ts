import { stat, statfs } from 'node:fs/promises';
import { withDeadline } from '../deadline.ts';
import { CollectorError } from '../errors.ts';
import { FILE_SYSTEMS_MAX, type FileSystem } from '../file-system.ts';
import { type Mount, mayHang, parseMounts, storageMounts } from './mounts.ts';
import type { Tree } from './tree.ts';

const ANSWER_WITHIN_MS = 500;
/** A hanging statfs holds one of the four threads that do all of Node's file work, for as long as it hangs. */
const HANGING_MAX = 2;

/** What could be measured, and how many file systems did not answer. */
export interface FileSystemsReading {
  fileSystems: FileSystem[];
  silent: number;
}

/**
 * Measures the space of the machine's file systems, one after the other. A dead network mount costs half a second
 * once: it is not asked again until its first answer has come, and no more than two are waited for.
 *
 * Several callers at once share one round.
 */
export function createFileSystems(tree: Tree, measure = measureMount): () => Promise<FileSystemsReading> {
  const unanswered = new Set<string>();
  let round: Promise<FileSystemsReading> | undefined;

  async function ask(mount: Mount): Promise<FileSystem | undefined> {
    unanswered.add(mount.mountPoint);
    try {
      return await measure(tree, mount);
    } catch {
      return undefined; // not ours to look at, or unmounted meanwhile
    } finally {
      unanswered.delete(mount.mountPoint);
    }
  }

  async function measureAll(): Promise<FileSystemsReading> {
    const mounts = storageMounts(parseMounts(tree.readNow('/proc/self/mountinfo')));
    const fileSystems: FileSystem[] = [];
    let silent = 0;
    // Local ones first, so that they are there whatever the network does.
    for (const mount of mounts.sort((a, b) => Number(mayHang(a)) - Number(mayHang(b))).slice(0, FILE_SYSTEMS_MAX)) {
      if (unanswered.has(mount.mountPoint) || (mayHang(mount) && unanswered.size >= HANGING_MAX)) {
        silent += 1;
        continue;
      }
      try {
        const fileSystem = await withDeadline(ask(mount), ANSWER_WITHIN_MS);
        if (fileSystem) fileSystems.push(fileSystem);
      } catch (error) {
        if (!(error instanceof CollectorError)) throw error;
        silent += 1;
      }
    }
    return { fileSystems, silent };
  }

  return () => {
    round ??= measureAll().finally(() => {
      round = undefined;
    });
    return round;
  };
}

/** Undefined for what has no size, and for the single files that container runtimes mount (/etc/hosts). */
async function measureMount(tree: Tree, mount: Mount): Promise<FileSystem | undefined> {
  const path = tree.path(mount.mountPoint);
  if (mount.folder !== '/' && !(await stat(path)).isDirectory()) return undefined;
  const { bsize, blocks, bfree, bavail } = await statfs(path);
  if (blocks === 0) return undefined;
  return {
    mount: mount.mountPoint,
    device: mount.source,
    type: mount.type,
    sizeBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    availableBytes: bavail * bsize,
  };
}
