import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '@bulwark/crypto/chunks';
import { openLanes } from './chunk-lanes.ts';
import { type ChunkRange, rangesOf } from './chunk-range.ts';
import type { ChunkTask } from './chunk-task.ts';
import { inOrder } from './in-order.ts';
import type { SourceFile } from './source-file.ts';

/** Which part of a message is worked on, and where it is. */
export interface RangeWork {
  readonly plaintextBytes: number;
  readonly firstChunk: number;
  /** Of chunk 0 in the source. */
  readonly start: number;
  readonly threads: number;
}

/** A range that is done. */
export interface DoneRange {
  readonly range: ChunkRange;
  /** Valid until the next one is asked for. */
  readonly output: Buffer;
}

/**
 * Seals or opens a source from a chunk on, and gives the results in order. A few MiB are in memory for each thread,
 * whatever the length.
 *
 * @throws FilesError ERR_SOURCE_CHANGED, ERR_OPEN_FAILED; CryptoError ERR_OPEN_FAILED; system errors
 */
export async function* processRanges(
  task: ChunkTask,
  source: SourceFile,
  { plaintextBytes, firstChunk, start, threads }: RangeWork,
): AsyncGenerator<DoneRange, void> {
  const chunkBytes = task.direction === 'seal' ? CHUNK_BYTES : SEALED_CHUNK_BYTES;
  const lanes = openLanes(task, threads);
  try {
    yield* inOrder(rangesOf(plaintextBytes, firstChunk), lanes.slots, async (range, slot) => {
      await source.read(lanes.input(slot, range), start + range.index * chunkBytes);
      return { range, output: await lanes.process(slot, range) };
    });
  } finally {
    await lanes.close();
  }
}
