import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasEnded, PROCESS_MARK, thisProcess } from './process-mark.ts';

// `.bulwark-TARGET-PROCESS-RANDOM-RESUME.part`, beside the target. TARGET is a hash, since names may be as long as the
// file system allows; PROCESS is who writes it; RESUME is what it may be resumed for, or 0.
const NAME = new RegExp(`^\\.bulwark-([0-9a-f]{16})-(${PROCESS_MARK.source})-[0-9a-f]{16}-([0-9a-f]{32})\\.part$`);
const NOT_RESUMABLE = '0';

/** How a finished file takes its name. */
export interface CommitOptions {
  /** Whether a target that is there is replaced. */
  readonly replace: boolean;
  /** Whether file and name are on the disk when the call returns, and not only in its cache. */
  readonly durable: boolean;
}

/**
 * A file that is being written, under a name of its own until it is whole. Mode 0600. Exactly one process writes it: a
 * part whose process has ended is taken over by renaming it, which only one can.
 */
export class PartFile {
  readonly handle: FileHandle;
  readonly #path: string;
  readonly #target: string;

  private constructor(handle: FileHandle, path: string, target: string) {
    this.handle = handle;
    this.#path = path;
    this.#target = target;
  }

  /** @param resumeTag 32 hex digits that `claimAbandoned` finds it by; without them it is never taken over. */
  static async create(target: string, resumeTag?: string): Promise<PartFile> {
    const path = await newPath(target, resumeTag);
    return new PartFile(await open(path, 'wx+', 0o600), path, target);
  }

  /**
   * Parts of this target whose processes have ended, taken over one after the other. Each is the caller's to commit or
   * to discard.
   */
  static async *claimAbandoned(target: string): AsyncGenerator<{ part: PartFile; resumeTag: string }, void> {
    for (const name of await readdir(dirname(target))) {
      const [, hash, owner, resumeTag] = NAME.exec(name) ?? [];
      if (hash !== targetHash(target) || owner === undefined || resumeTag === undefined) continue;
      if (!(await hasEnded(owner))) continue;
      const path = await newPath(target, resumeTag);
      try {
        await rename(join(dirname(target), name), path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // another was quicker
        throw error;
      }
      const handle = await openOwn(path);
      if (handle === undefined) await rm(path, { force: true });
      else yield { part: new PartFile(handle, path, target), resumeTag };
    }
  }

  /** Writes all of the bytes at a position. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      // A disk that fills up takes less than it was given, and refuses the rest.
      done += (await this.handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }

  /** Gives the finished file the target's name, in one step. */
  async commit({ replace, durable }: CommitOptions): Promise<void> {
    if (durable) await this.handle.sync();
    await this.handle.close();
    if (replace) {
      await rename(this.#path, this.#target);
    } else {
      await link(this.#path, this.#target); // unlike rename it fails when the target is there
      await rm(this.#path);
    }
    if (durable) await syncDirectory(dirname(this.#target));
  }

  /** Removes it. Safe to call after a `commit` that failed. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => {}); // closed already by `commit`
    await rm(this.#path, { force: true });
  }
}

// In a directory that others write to, a link by this name could lead anywhere.
async function openOwn(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  const stats = await handle?.stat();
  if (stats?.isFile() && stats.nlink === 1 && stats.uid === process.geteuid?.()) return handle;
  await handle?.close();
  return undefined;
}

async function newPath(target: string, resumeTag = NOT_RESUMABLE): Promise<string> {
  const owner = (await thisProcess()) ?? 'unknown';
  const random = randomBytes(8).toString('hex');
  return join(dirname(target), `.bulwark-${targetHash(target)}-${owner}-${random}-${resumeTag}.part`);
}

function targetHash(target: string): string {
  return createHash('sha256').update(basename(target)).digest('hex').slice(0, 16);
}

/** A rename is durable only once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
