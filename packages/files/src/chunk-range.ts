import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from '@bulwark/crypto/chunks';

const TAG_BYTES = SEALED_CHUNK_BYTES - CHUNK_BYTES;

// 1 MiB of plaintext: large enough that handing it to a thread costs nothing, small enough to keep several in memory.
const RANGE_CHUNKS = 64;

/** Room for any range, sealed or not. */
export const RANGE_BUFFER_BYTES = RANGE_CHUNKS * SEALED_CHUNK_BYTES;

/** Consecutive chunks of a message: what is read, sealed or opened, and written in one go. */
export interface ChunkRange {
  /** Of the first chunk. */
  readonly index: number;
  /** 1 or more. */
  readonly chunks: number;
  /** Of its plaintext; 0 for a last chunk that is empty. */
  readonly bytes: number;
  /** Of its chunks as sealed. */
  readonly sealedBytes: number;
}

/** Chunks of a message of this length. The last is always short, if need be empty. */
export function chunkCount(plaintextBytes: number): number {
  return Math.floor(plaintextBytes / CHUNK_BYTES) + 1;
}

/** The ranges of a message of this length from a chunk on, in order. */
export function* rangesOf(plaintextBytes: number, firstChunk = 0): Generator<ChunkRange, void> {
  const count = chunkCount(plaintextBytes);
  for (let index = firstChunk; index < count; index += RANGE_CHUNKS) {
    const chunks = Math.min(RANGE_CHUNKS, count - index);
    const bytes = Math.min(plaintextBytes, (index + chunks) * CHUNK_BYTES) - index * CHUNK_BYTES;
    yield { index, chunks, bytes, sealedBytes: bytes + chunks * TAG_BYTES };
  }
}
