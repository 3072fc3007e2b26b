import { availableParallelism } from 'node:os';
import { FilesError } from './errors.ts';
import type { Progress } from './progress.ts';

/** What all work on whole files takes. */
export interface WorkOptions {
  /** Authenticated with the file, not stored in it; whoever opens must give the same. */
  readonly context?: Uint8Array;
  /**
   * 1 works on the calling thread, more start worker threads beside it. Where it is not given, files of 256 MiB or more
   * get a thread for each core but one, which reading and writing keep busy, up to four; and smaller files just the one,
   * since a thread takes about as long to start as a third of that takes to seal.
   */
  readonly threads?: number;
  /** Stops the work and removes what was written; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What work that writes a file takes. */
export interface TargetOptions {
  /** Whether a target that is there is replaced, in one step at the end. Default true. */
  readonly replace?: boolean;
  /** Whether the file is on the disk, and not only in the system's cache, when the call returns. Default true. */
  readonly durable?: boolean;
  /**
   * Takes up what an earlier call for the same target with this option had done when its process was killed. Default
   * false. Linux, from a file to a file; elsewhere it starts anew.
   */
  readonly resume?: boolean;
}

const MAX_THREADS = 64;
const DEFAULT_MAX_THREADS = 4;
const WORTH_THREADS_BYTES = 256 * 2 ** 20;

/** Threads for a file of this length. @throws FilesError ERR_ARGUMENT */
export function threadsFor(bytes: number, { threads }: WorkOptions): number {
  if (threads === undefined) {
    return bytes < WORTH_THREADS_BYTES ? 1 : Math.max(1, Math.min(availableParallelism() - 1, DEFAULT_MAX_THREADS));
  }
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new FilesError('ERR_ARGUMENT', `threads must be 1 to ${MAX_THREADS}, got ${threads}`);
}
