import { createSecretKey, KeyObject } from 'node:crypto';
import { CryptoError } from './errors.ts';
import { type AnyHashName, HASH_BYTES, type HashName, hmac } from './hmac.ts';

/**
 * HKDF, extract then expand (RFC 5869).
 *
 * @param ikm Input keying material; need not be uniform, must hold enough entropy.
 * @param salt May be empty.
 * @param info Names the purpose; build it with `pae` when it has several parts.
 * @param length 1 to 255 times the hash's length, in bytes.
 * @throws CryptoError ERR_ARGUMENT
 */
export function hkdf(hash: HashName, ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  return rawHkdf(hash, ikm, salt, info, length);
}

/** As `hkdf`, with any hash. */
export function rawHkdf(
  hash: AnyHashName,
  ikm: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Buffer {
  return expand(hash, createSecretKey(hmac(hash, createSecretKey(salt), ikm)), info, length);
}

/** HKDF-Extract (RFC 5869, 2.2): a pseudorandom key as long as the hash's output. */
export function hkdfExtract(hash: HashName, ikm: Uint8Array, salt: Uint8Array): Buffer {
  return hmac(hash, createSecretKey(salt), ikm);
}

/**
 * HKDF-Expand (RFC 5869, 2.3), for keying material that is already uniformly random.
 *
 * @param prk At least 16 bytes, uniformly random.
 * @param length 1 to 255 times the hash's length, in bytes.
 * @throws CryptoError ERR_ARGUMENT, ERR_KEY_LENGTH
 */
export function hkdfExpand(hash: HashName, prk: Uint8Array | KeyObject, info: Uint8Array, length: number): Buffer {
  const key = prk instanceof KeyObject ? prk : createSecretKey(prk);
  const prkBytes = key.symmetricKeySize ?? 0;
  if (prkBytes < 16) throw new CryptoError('ERR_KEY_LENGTH', `prk must be 16 bytes or more, got ${prkBytes}`);
  return expand(hash, key, info, length);
}

function expand(hash: AnyHashName, prk: KeyObject, info: Uint8Array, length: number): Buffer {
  const blockBytes = HASH_BYTES[hash];
  if (!Number.isInteger(length) || length < 1 || length > 255 * blockBytes) {
    throw new CryptoError('ERR_ARGUMENT', `length must be from 1 to ${255 * blockBytes} bytes, got ${length}`);
  }
  const output = Buffer.alloc(Math.ceil(length / blockBytes) * blockBytes);
  let previous: Uint8Array = new Uint8Array(0);
  for (let index = 1; (index - 1) * blockBytes < length; index++) {
    previous = hmac(hash, prk, previous, info, Uint8Array.of(index));
    output.set(previous, (index - 1) * blockBytes);
  }
  return output.subarray(0, length);
}
