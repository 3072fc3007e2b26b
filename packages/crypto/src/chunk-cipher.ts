import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { AES_256_GCM_FORM, GCM_NONCE_BYTES, gcmOpen, TAG_BYTES } from './aes-gcm.ts';
import { constantTimeEqual } from './equal.ts';
import { CryptoError, openFailed } from './errors.ts';
import { hkdfExpand } from './hkdf.ts';
import { randomNonce } from './random.ts';
import { KEY_BYTES, requireKey, type SymmetricKey } from './symmetric-key.ts';

// Cobblestone-256: C2SP chunked encryption, version 1, with SHA-512 and AES-256-GCM (https://c2sp.org/chunked-encryption).
// A message is salt (24) ‖ commitment (32) ‖ sealed chunks. All chunks hold 16 KiB of plaintext, except the last,
// which holds less, if need be nothing: that alone marks the end.

/** Plaintext of every chunk but the last. */
export const CHUNK_BYTES = 16_384;

/** A sealed chunk that is not the last. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

const SALT_BYTES = 24;
const COMMITMENT_BYTES = 32;

/** Salt and commitment before the first chunk. */
export const MESSAGE_HEADER_BYTES = SALT_BYTES + COMMITMENT_BYTES;

const MAX_CHUNKS = 2 ** 38;
const LABEL = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');
const NO_DATA = new Uint8Array(0);

/** Seals and opens the chunks of one message, in any order. */
export interface ChunkCipher {
  /** salt (24) ‖ commitment (32). */
  readonly header: Buffer;
  /**
   * Writes a sealed chunk into `target`, which may be where the chunk itself lies. Never seal two plaintexts under one
   * index.
   *
   * @returns The offset after it.
   */
  sealInto(target: Buffer, offset: number, index: number, chunk: Uint8Array): number;
  /** As `open`, into `target`, which may be where the sealed chunk itself lies. @returns The offset after it. */
  openInto(target: Buffer, offset: number, index: number, sealedChunk: Uint8Array): number;
  /** @throws CryptoError ERR_OPEN_FAILED */
  open(index: number, sealedChunk: Uint8Array): Buffer;
}

/**
 * Begins a message under a fresh random salt.
 *
 * @param key 32 bytes, uniformly random.
 * @param context Bound to the message, not stored.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function newChunkCipher(key: SymmetricKey, context: Uint8Array): ChunkCipher {
  return derive(requireKey(key), context, randomNonce(SALT_BYTES));
}

/**
 * As `newChunkCipher`, under a given salt, for published vectors and for taking up an interrupted message.
 *
 * @param salt 24 bytes, never used with this key and context for other plaintext.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
 */
export function chunkCipherWithSalt(key: SymmetricKey, context: Uint8Array, salt: Uint8Array): ChunkCipher {
  if (salt.length !== SALT_BYTES) throw new CryptoError('ERR_ARGUMENT', `salt must be ${SALT_BYTES} bytes`);
  return derive(requireKey(key), context, salt);
}

/**
 * Takes up a message by its header, checking that key and context are those it was sealed with.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED
 */
export function chunkCipherOf(key: SymmetricKey, context: Uint8Array, header: Uint8Array): ChunkCipher {
  const keyObject = requireKey(key);
  if (header.length !== MESSAGE_HEADER_BYTES) throw openFailed();
  const cipher = derive(keyObject, context, header.subarray(0, SALT_BYTES));
  if (!constantTimeEqual(cipher.header, header)) throw openFailed();
  return cipher;
}

function derive(inputKey: KeyObject, context: Uint8Array, salt: Uint8Array): ChunkCipher {
  const info = Buffer.concat([LABEL, salt, context]);
  const derived = hkdfExpand('sha512', inputKey, info, KEY_BYTES + GCM_NONCE_BYTES + COMMITMENT_BYTES);
  const key = createSecretKey(derived.subarray(0, KEY_BYTES));
  const baseNonce = Buffer.from(derived.subarray(KEY_BYTES, KEY_BYTES + GCM_NONCE_BYTES));
  const header = Buffer.concat([salt, derived.subarray(KEY_BYTES + GCM_NONCE_BYTES)]);
  derived.fill(0);
  const open = (index: number, sealedChunk: Uint8Array) =>
    gcmOpen(key, chunkNonce(baseNonce, index), sealedChunk, NO_DATA, AES_256_GCM_FORM);
  return {
    header,
    sealInto(target, offset, index, chunk) {
      const { algorithm, options } = AES_256_GCM_FORM;
      const cipher = createCipheriv(algorithm, key, chunkNonce(baseNonce, index), options);
      const end = moveInto(target, offset, cipher.update(chunk));
      cipher.final(); // always empty in GCM
      target.set(cipher.getAuthTag(), end);
      return end + TAG_BYTES;
    },
    openInto: (target, offset, index, sealedChunk) => moveInto(target, offset, open(index, sealedChunk)),
    open,
  };
}

// Node gives each chunk in memory of its own. Given back at once it holds the next chunk while the processor still has it
// near; left to the collector, some 40 MiB of it go round, and a chunk takes a quarter longer.
function moveInto(target: Buffer, offset: number, bytes: Buffer): number {
  const { length, buffer } = bytes;
  target.set(bytes, offset);
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
  return offset + length;
}

// The base nonce with the chunk's number, big-endian, XORed into its end.
function chunkNonce(baseNonce: Buffer, index: number): Buffer {
  if (!Number.isInteger(index) || index < 0 || index >= MAX_CHUNKS) {
    throw new CryptoError('ERR_ARGUMENT', 'a message has at most 2^38 chunks');
  }
  const nonce = Buffer.from(baseNonce);
  nonce.writeInt32BE(nonce.readInt32BE(4) ^ Math.floor(index / 2 ** 32), 4);
  nonce.writeInt32BE(nonce.readInt32BE(8) ^ index, 8); // XOR takes the low 32 bits
  return nonce;
}
