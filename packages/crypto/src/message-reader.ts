import {
  CHUNK_BYTES,
  type ChunkCipher,
  chunkCipherOf,
  MESSAGE_HEADER_BYTES,
  SEALED_CHUNK_BYTES,
} from './chunk-cipher.ts';
import { CryptoError, openFailed } from './errors.ts';
import { plaintextLength } from './message.ts';
import type { SymmetricKey } from './symmetric-key.ts';

/** Where a sealed message lies: a file, an object store, memory. */
export interface ByteSource {
  /** Length of the sealed message in bytes. */
  readonly length: number;
  /** Bytes from `offset` on; fewer than `length` only if the source was cut meanwhile. */
  read(offset: number, length: number): Promise<Uint8Array> | Uint8Array;
}

/** Reads any part of a sealed message. */
export interface MessageReader {
  /** Length of the plaintext, authenticated. */
  readonly length: number;
  /**
   * The plaintext from `start` up to, not including, `end`. Reads and opens only the chunks that hold it.
   *
   * @throws CryptoError ERR_ARGUMENT, ERR_OPEN_FAILED
   */
  read(start: number, end?: number): Promise<Buffer>;
}

/**
 * Opens a Cobblestone-256 message for random access. Header and last chunk are checked at once, so that `length` can be
 * relied on; other chunks when they are read.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED; whatever the source throws
 */
export async function openMessageReader(
  key: SymmetricKey,
  source: ByteSource,
  context: Uint8Array,
): Promise<MessageReader> {
  const cipher = chunkCipherOf(key, context, await readExactly(source, 0, MESSAGE_HEADER_BYTES));
  const length = plaintextLength(source.length);
  await openChunk(cipher, source, Math.floor(length / CHUNK_BYTES));

  return {
    length,
    async read(start, end = length) {
      if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start > end || end > length) {
        throw new CryptoError('ERR_ARGUMENT', `range must lie within 0 to ${length}, got ${start} to ${end}`);
      }
      const plaintext = Buffer.allocUnsafe(end - start);
      for (let at = start; at < end; ) {
        const index = Math.floor(at / CHUNK_BYTES);
        const chunk = await openChunk(cipher, source, index);
        const wanted = chunk.subarray(at - index * CHUNK_BYTES, end - index * CHUNK_BYTES);
        plaintext.set(wanted, at - start);
        at += wanted.length;
      }
      return plaintext;
    },
  };
}

async function openChunk(cipher: ChunkCipher, source: ByteSource, index: number): Promise<Buffer> {
  const start = MESSAGE_HEADER_BYTES + index * SEALED_CHUNK_BYTES;
  const length = Math.min(SEALED_CHUNK_BYTES, source.length - start);
  return cipher.open(index, await readExactly(source, start, length));
}

async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw openFailed();
  return bytes;
}
