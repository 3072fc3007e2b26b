/**
 * The primitives below `@bulwark/crypto`, with every parameter that its own functions keep to themselves: nonces, IVs,
 * salts, tag lengths, key lengths, SHA-1. They are here so that published vectors (Wycheproof, NIST CAVP) can be run
 * against this package as it is, and for formats built on top of it. A nonce used twice under one key voids all
 * security; a short tag weakens it. Applications want the main entry.
 *
 * @module
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { gcmFormOf, gcmOpen, gcmSeal, TAG_BYTES } from './aes-gcm.ts';
import { aesUnwrap, aesWrap, type KeyWrapForm } from './aes-key-wrap.ts';
import { CryptoError } from './errors.ts';
import { type AnyHashName, hmac as hmacOf } from './hmac.ts';
import { XAES_NONCE_BYTES, xaes } from './xaes.ts';

export {
  CHUNK_BYTES,
  type ChunkCipher,
  chunkCipherOf,
  chunkCipherWithSalt,
  MESSAGE_HEADER_BYTES,
  newChunkCipher,
  SEALED_CHUNK_BYTES,
} from './chunk-cipher.ts';
export { openFernetBytes, sealFernetBytes } from './fernet.ts';
export { hkdfExtract, rawHkdf as hkdf } from './hkdf.ts';
export type { AnyHashName } from './hmac.ts';
export {
  AES_128_GCM,
  AES_256_GCM,
  DHKEM_X25519,
  decapX25519,
  deriveX25519KeyPair,
  type Encapsulation,
  encapX25519,
  type HpkeAead,
  hpkeOpen,
  hpkeSeal,
} from './hpke.ts';
export { type Argon2Cost, argon2id, pbkdf2, type ScryptCost, scrypt } from './password-kdf.ts';
export { oaepDecrypt, oaepEncrypt } from './rsa-oaep.ts';
export { decapXWing, encapXWing, X_WING } from './x-wing.ts';

const AES_KEY_BYTES = [16, 24, 32];
const GCM_TAG_BYTES = [4, 8, 12, 13, 14, 15, 16];

/**
 * AES-GCM (SP 800-38D) under a given nonce.
 *
 * @param key 16, 24 or 32 bytes.
 * @param nonce 1 to 128 bytes; anything but 12 random or counted ones is for vectors only.
 * @param tagBytes 4, 8 or 12 to 16.
 * @returns ciphertext ‖ tag.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
 */
export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  tagBytes = TAG_BYTES,
): Buffer {
  requireGcm(nonce, tagBytes);
  const keyObject = aesKey(key);
  return gcmSeal(keyObject, nonce, plaintext, associatedData, undefined, gcmFormOf(keyObject, tagBytes));
}

/** Opens `aesGcmSeal`. @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT, ERR_OPEN_FAILED */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
  tagBytes = TAG_BYTES,
): Buffer {
  requireGcm(nonce, tagBytes);
  const keyObject = aesKey(key);
  return gcmOpen(keyObject, nonce, sealed, associatedData, gcmFormOf(keyObject, tagBytes));
}

/** XAES-256-GCM (C2SP) under a given nonce. @returns ciphertext ‖ tag (16). @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT */
export function xaesSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  requireXaes(key, nonce);
  return xaes(createSecretKey(key)).seal(nonce, plaintext, associatedData);
}

/** Opens `xaesSeal`. @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT, ERR_OPEN_FAILED */
export function xaesOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Buffer {
  requireXaes(key, nonce);
  return xaes(createSecretKey(key)).open(Buffer.concat([nonce, sealed]), 0, associatedData);
}

/** AES key wrap with a wrapping key of 16, 24 or 32 bytes. @throws CryptoError ERR_KEY_LENGTH */
export function aesKeyWrap(wrappingKey: Uint8Array, key: Uint8Array, form: KeyWrapForm): Buffer {
  return aesWrap(aesKey(wrappingKey), key, form);
}

/** Undoes `aesKeyWrap`. @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED */
export function aesKeyUnwrap(wrappingKey: Uint8Array, wrapped: Uint8Array, form: KeyWrapForm): Buffer {
  return aesUnwrap(aesKey(wrappingKey), wrapped, form);
}

/** HMAC (RFC 2104) with a key of any length. */
export function hmac(hash: AnyHashName, key: Uint8Array, message: Uint8Array): Buffer {
  return hmacOf(hash, createSecretKey(key), message);
}

function aesKey(key: Uint8Array): KeyObject {
  if (AES_KEY_BYTES.includes(key.length)) return createSecretKey(key);
  throw new CryptoError('ERR_KEY_LENGTH', `AES key must be 16, 24 or 32 bytes, got ${key.length}`);
}

function requireGcm(nonce: Uint8Array, tagBytes: number): void {
  if (nonce.length < 1 || nonce.length > 128 || !GCM_TAG_BYTES.includes(tagBytes)) {
    throw new CryptoError('ERR_ARGUMENT', `nonce of ${nonce.length} or tag of ${tagBytes} bytes is not one of GCM`);
  }
}

function requireXaes(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== 32) throw new CryptoError('ERR_KEY_LENGTH', `key must be 32 bytes, got ${key.length}`);
  if (nonce.length !== XAES_NONCE_BYTES) throw new CryptoError('ERR_ARGUMENT', 'nonce must be 24 bytes');
}
