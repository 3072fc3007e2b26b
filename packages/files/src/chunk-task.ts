import type { KeyObject } from 'node:crypto';
import { CHUNK_BYTES, type ChunkCipher, chunkCipherOf, SEALED_CHUNK_BYTES } from '@bulwark/crypto/chunks';
import type { ChunkRange } from './chunk-range.ts';

/** What is to be done with a message's chunks, in a form that can be sent to a thread. */
export interface ChunkTask {
  readonly direction: 'seal' | 'open';
  readonly key: KeyObject;
  readonly context: Uint8Array;
  /** Salt and commitment of the message, already checked. */
  readonly messageHeader: Uint8Array;
}

/** Does a task to one range after the other, each within one buffer of `RANGE_BUFFER_BYTES`. */
export interface RangeWorker {
  /** Where a range goes before `work`. */
  input(range: ChunkRange, buffer: ArrayBuffer): Buffer;
  /** Where it is after `work`. */
  output(range: ChunkRange, buffer: ArrayBuffer): Buffer;
  /** @throws CryptoError ERR_OPEN_FAILED */
  work(range: ChunkRange, buffer: ArrayBuffer): void;
}

/** @throws CryptoError ERR_OPEN_FAILED when key and context are not those of the message */
export function rangeWorker({ direction, key, context, messageHeader }: ChunkTask): RangeWorker {
  const cipher = chunkCipherOf(key, context, messageHeader);
  return direction === 'seal'
    ? {
        input: plaintextAtEnd,
        output: sealedBytes,
        work: (range, buffer) => sealChunks(cipher, range, plaintextAtEnd(range, buffer), sealedBytes(range, buffer)),
      }
    : {
        input: sealedBytes,
        output: plaintextAtStart,
        work: (range, buffer) => openChunks(cipher, range, sealedBytes(range, buffer), plaintextAtStart(range, buffer)),
      };
}

function sealChunks(cipher: ChunkCipher, { index, chunks }: ChunkRange, plaintext: Buffer, target: Buffer): void {
  let offset = 0;
  for (let i = 0; i < chunks; i++) {
    const chunk = plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    offset = cipher.sealInto(target, offset, index + i, chunk);
  }
}

function openChunks(cipher: ChunkCipher, { index, chunks }: ChunkRange, sealed: Buffer, target: Buffer): void {
  for (let i = 0; i < chunks; i++) {
    const chunk = sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    cipher.openInto(target, i * CHUNK_BYTES, index + i, chunk);
  }
}

/* Input and output share the buffer, which halves what memory and the processor's cache have to hold. Sealed chunks grow
 * from its start; the plaintext begins so much later, by the tags of all chunks, that no chunk reaches into the next. */

function sealedBytes(range: ChunkRange, buffer: ArrayBuffer): Buffer {
  return Buffer.from(buffer, 0, range.sealedBytes);
}

function plaintextAtEnd({ bytes, sealedBytes }: ChunkRange, buffer: ArrayBuffer): Buffer {
  return Buffer.from(buffer, sealedBytes - bytes, bytes);
}

function plaintextAtStart({ bytes }: ChunkRange, buffer: ArrayBuffer): Buffer {
  return Buffer.from(buffer, 0, bytes);
}
