import { TAG_BYTES } from './aes-gcm.ts';
import {
  CHUNK_BYTES,
  chunkCipherOf,
  MESSAGE_HEADER_BYTES,
  newChunkCipher,
  SEALED_CHUNK_BYTES,
} from './chunk-cipher.ts';
import { openFailed } from './errors.ts';
import type { SymmetricKey } from './symmetric-key.ts';

/**
 * Seals a message of any length with Cobblestone-256. Unlike `seal` it commits to the key: nobody can make one message
 * that opens under two keys.
 *
 * @param key 32 bytes, uniformly random; good for 2^80 messages.
 * @param context Bound to the message, not stored; `openMessage` must be given the same bytes.
 * @returns 72 bytes more than the plaintext, and 16 more for each 16 KiB.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function sealMessage(key: SymmetricKey, plaintext: Uint8Array, context: Uint8Array): Buffer {
  const cipher = newChunkCipher(key, context);
  const sealed = Buffer.allocUnsafe(sealedLength(plaintext.length));
  let offset = cipher.header.copy(sealed);
  const last = Math.floor(plaintext.length / CHUNK_BYTES);
  for (let index = 0; index <= last; index++) {
    const chunk = plaintext.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    offset = cipher.sealInto(sealed, offset, index, chunk);
  }
  return sealed;
}

/**
 * Opens a message of `sealMessage` or of the streams.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED
 */
export function openMessage(key: SymmetricKey, sealed: Uint8Array, context: Uint8Array): Buffer {
  const cipher = chunkCipherOf(key, context, sealed.subarray(0, MESSAGE_HEADER_BYTES));
  const plaintext = Buffer.allocUnsafe(plaintextLength(sealed.length));
  const last = Math.floor(plaintext.length / CHUNK_BYTES);
  for (let index = 0; index <= last; index++) {
    const start = MESSAGE_HEADER_BYTES + index * SEALED_CHUNK_BYTES;
    cipher.openInto(plaintext, index * CHUNK_BYTES, index, sealed.subarray(start, start + SEALED_CHUNK_BYTES));
  }
  return plaintext;
}

/** Length of a message as sealed. */
export function sealedLength(plaintextBytes: number): number {
  const chunks = Math.floor(plaintextBytes / CHUNK_BYTES) + 1;
  return MESSAGE_HEADER_BYTES + plaintextBytes + chunks * TAG_BYTES;
}

/** Length of a message as opened, not yet authenticated. @throws CryptoError ERR_OPEN_FAILED for a length no message has */
export function plaintextLength(sealedBytes: number): number {
  const body = sealedBytes - MESSAGE_HEADER_BYTES;
  const lastChunkBytes = (body % SEALED_CHUNK_BYTES) - TAG_BYTES;
  if (body < 0 || lastChunkBytes < 0) throw openFailed();
  return Math.floor(body / SEALED_CHUNK_BYTES) * CHUNK_BYTES + lastChunkBytes;
}
