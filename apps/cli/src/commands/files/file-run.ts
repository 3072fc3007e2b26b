import type { Progress } from '@bulwark/files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { byteText, progressBar } from '../../progress-bar.ts';

/** What became of one file, beside its path. */
export interface DoneFile {
  /** Of plaintext. */
  readonly bytes: number;
  readonly [field: string]: unknown;
}

/** Work on many files, one after the other: what it says, and how it ends. */
export interface FileRun {
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Works on a file. That it fails is told, and the others are still done; what would fail for all of them is thrown, and
   * so is anything where it is the only one.
   */
  onFile(path: string, work: (onProgress: (progress: Progress) => void) => Promise<DoneFile>): Promise<void>;
  /** Tells that something is not done, and why. */
  passOver(path: string, reason: string): void;
  /** Says how it came out. */
  finish(): Outcome;
}

/** Codes of what concerns one file, whatever becomes of the others. */
const OF_ONE_FILE = new Set([
  'ERR_NOT_SEALED',
  'ERR_SEALED_FORMAT',
  'ERR_KEY_UNKNOWN',
  'ERR_OPEN_FAILED',
  'ERR_SOURCE_CHANGED',
  'ERR_TARGET_EXISTS',
  'ERR_ARGUMENT',
  'ERR_IO',
  'ERR_KEY_DELETED',
  'ERR_KEY_DESTROYED',
  'ERR_KEY_COMPROMISED',
  'ERR_KEY_STATE',
  'ERR_KEY_ALTERED',
]);

/** How often `progress` is said with --json. */
const EVENT_INTERVAL_MS = 1000;

/**
 * Begins work on files.
 *
 * @param verb As in `Encrypted 3 files`; in lower case it names the event of a file.
 * @param total How many files there are.
 */
export function beginFileRun(verb: 'Encrypted' | 'Decrypted' | 'Verified', total: number, context: Context): FileRun {
  const { output, stderr } = context;
  const signal = context.stopSignal();
  const bar = progressBar(stderr, !output.isJson, byteText);
  const count = { done: 0, failed: 0, bytes: 0 };
  let saidAt = Number.NEGATIVE_INFINITY;
  let last = '';

  function tell(path: string, progress: Progress): void {
    const { bytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
    const label = total > 1 ? `${count.done + count.failed + 1}/${total}  ${path}` : path;
    bar.show(label, { done: bytes, total: totalBytes, perSecond: bytesPerSecond, secondsLeft });
    if (!output.isJson || bytes === totalBytes || Date.now() - saidAt < EVENT_INTERVAL_MS) return;
    saidAt = Date.now();
    output.say({ event: 'progress', path, ...progress });
  }

  function fail(path: string, message: string, code?: string): void {
    count.failed += 1;
    output.complain({ event: 'file-failed', path, code, message }, `${path}: ${message}`);
  }

  return {
    signal,
    async onFile(path, work) {
      try {
        const done = await work((progress) => tell(path, progress));
        bar.clear();
        count.done += 1;
        count.bytes += done.bytes;
        last = `${verb} ${path}${typeof done.target === 'string' ? ` into ${done.target}` : ''}, ${byteText(done.bytes)}.`;
        output.say({ event: `file-${verb.toLowerCase()}`, path, ...done });
      } catch (error) {
        bar.clear();
        if (signal.aborted) throw interrupted();
        const { code, message } = error as { code?: string; message: string };
        const isOfThisFile = error instanceof CliError || OF_ONE_FILE.has(code ?? '');
        if (total === 1 || !isOfThisFile) throw error;
        fail(path, message, code);
      }
    },
    passOver: (path, reason) => fail(path, reason),
    finish() {
      const { done, failed, bytes } = count;
      const many = `${verb} ${done} ${done === 1 ? 'file' : 'files'}, ${byteText(bytes)}${failed > 0 ? `; ${failed} not done` : ''}.`;
      output.say({ event: 'summary', done, failed, bytes }, done === 1 && failed === 0 ? last : many);
      return failed > 0 ? 'failed' : 'ok';
    },
  };
}

/** Ctrl-C. Everything that was begun has been taken back by then. */
export function interrupted(): CliError {
  return new CliError('interrupted', 'stopped; what was not finished was taken away again');
}
