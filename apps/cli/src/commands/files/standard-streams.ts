import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { interrupted } from './file-run.ts';

/** Stands for standard input as a path, and for standard output as a target. */
export const STANDARD = '-';

/** Whether a command reads standard input or writes standard output, and so works on one thing. */
export function isStreamed(paths: readonly string[], output: string | undefined): boolean {
  return paths.includes(STANDARD) || output === STANDARD;
}

/** One source and one target, either of which may be `-`. */
export interface StreamedPaths {
  readonly source: string;
  readonly target: string;
}

/**
 * Source and target of streamed work.
 *
 * @throws CliError usage: several paths, input that is asked for twice, or output that is not fit for the data
 */
export function streamedPaths(
  paths: readonly string[],
  options: { readonly output?: string; readonly passphraseFile?: string; readonly removeSource?: boolean },
  { stdout, output }: Context,
): StreamedPaths {
  const [source = STANDARD, ...others] = paths;
  if (others.length > 0) throw new CliError('usage', 'with - as input or output, give one path');
  if (source === STANDARD && options.passphraseFile === STANDARD) {
    throw new CliError('usage', 'standard input cannot be both the file and the passphrase');
  }
  if (options.removeSource) throw new CliError('usage', 'with - as input or output, no source is removed');
  const target = options.output ?? STANDARD;
  if (target === STANDARD && output.isJson)
    throw new CliError('usage', 'with --json, standard output is taken: -o FILE');
  if (target === STANDARD && stdout.isTTY)
    throw new CliError('usage', 'standard output is a terminal: -o FILE, or pipe it');
  return { source, target };
}

/**
 * Passes a stream through a transform to standard output, as fast as it is read there.
 *
 * @throws CliError failed (the reader has left), interrupted; what the streams throw
 */
export async function writeToStdout(
  source: Readable,
  { stdout, stopSignal }: Context,
  transform: Transform = new PassThrough(),
): Promise<void> {
  const signal = stopSignal();
  const sink = async (pieces: AsyncIterable<Uint8Array>) => {
    for await (const piece of pieces) await write(stdout, piece);
  };
  await pipeline(source, transform, sink, { signal }).catch((error: unknown) => {
    throw signal.aborted ? interrupted() : error;
  });
}

function write(stdout: NodeJS.WritableStream, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(piece, (cause) => {
      if (cause) reject(new CliError('failed', 'standard output was closed before the end', { cause }));
      else resolve();
    });
  });
}
