import type { KeyObject } from 'node:crypto';
import { CHUNK_BYTES, type ChunkCipher, chunkCipherOf, SEALED_CHUNK_BYTES } from '@bulwark/crypto/raw';
import type { ChunkRange } from './chunk-range.ts';

/** What is to be done with a message's chunks, in a form that can be sent to a thread. */
export interface ChunkTask {
  readonly direction: 'seal' | 'open';
  readonly key: KeyObject;
  readonly context: Uint8Array;
  /** Salt and commitment of the message, already checked. */
  readonly messageHeader: Uint8Array;
}

/** What a worker thread is started with. */
export interface WorkerTask extends ChunkTask {
  readonly inputs: readonly SharedArrayBuffer[];
  readonly outputs: readonly SharedArrayBuffer[];
}

/** Does a task to one range after the other. What it returns throws CryptoError ERR_OPEN_FAILED. */
export function rangeWorker(task: ChunkTask): (range: ChunkRange, input: Buffer, output: Buffer) => void {
  const cipher = chunkCipherOf(task.key, task.context, task.messageHeader);
  const act = task.direction === 'seal' ? sealRange : openRangeInto;
  const inputBytes = task.direction === 'seal' ? 'bytes' : 'sealedBytes';
  return (range, input, output) => act(cipher, range, input.subarray(0, range[inputBytes]), output);
}

function sealRange(cipher: ChunkCipher, { index, chunks }: ChunkRange, plaintext: Buffer, target: Buffer): void {
  let offset = 0;
  for (let i = 0; i < chunks; i++) {
    const chunk = plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    offset = cipher.sealInto(target, offset, index + i, chunk);
  }
}

function openRangeInto(cipher: ChunkCipher, { index, chunks }: ChunkRange, sealed: Buffer, target: Buffer): void {
  for (let i = 0; i < chunks; i++) {
    const chunk = sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    target.set(cipher.open(index + i, chunk), i * CHUNK_BYTES);
  }
}
