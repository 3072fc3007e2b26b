import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TargetOptions, WorkOptions } from './options.ts';
import { PartFile } from './part-file.ts';
import { ProgressMeter } from './progress.ts';

/** Bytes of a stream before and after a transform. */
export interface StreamedBytes {
  readonly read: number;
  readonly written: number;
}

/**
 * Passes a stream through a transform into a file, which takes the target's name when it is whole.
 *
 * @param progressOf Which of the two counts is the plaintext.
 * @throws The signal's reason; what the stream and the transform throw; system errors. Nothing is left behind then.
 */
export async function writeStream(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  target: string,
  progressOf: keyof StreamedBytes,
  { signal, onProgress, replace = true, durable = true }: WorkOptions & TargetOptions,
): Promise<StreamedBytes> {
  const progress = new ProgressMeter(onProgress, undefined);
  const bytes = { read: 0, written: 0 };
  const count = (which: keyof StreamedBytes, length: number) => {
    bytes[which] += length;
    if (which === progressOf) progress.add(length);
  };
  const part = await PartFile.create(target);
  try {
    await pipeline(
      source,
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          count('read', piece.length);
          yield piece;
        }
      },
      transform,
      async (pieces: AsyncIterable<Uint8Array>) => {
        for await (const piece of pieces) {
          await part.write(piece, bytes.written);
          count('written', piece.length);
        }
      },
      { signal },
    );
    await part.commit({ replace, durable });
    progress.end();
    return bytes;
  } catch (error) {
    await part.discard();
    throw signal?.aborted ? signal.reason : error;
  }
}
