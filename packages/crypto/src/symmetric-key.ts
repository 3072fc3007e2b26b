import { createSecretKey, KeyObject } from 'node:crypto';
import { CryptoError } from './errors.ts';

/** Length of every symmetric key of this package. */
export const KEY_BYTES = 32;

/** 32 bytes of key, or a secret `KeyObject` of that length, which prints without its bytes and is faster when reused. */
export type SymmetricKey = Uint8Array | KeyObject;

/**
 * Checks a key at the door.
 *
 * Ciphers and HMACs are always given the `KeyObject`: Node 24 makes one from bytes at 1 M/s, but starts a cipher
 * with bytes three times slower than with an object.
 *
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function requireKey(key: SymmetricKey, name = 'key'): KeyObject {
  const isObject = key instanceof KeyObject;
  const length = isObject ? key.symmetricKeySize : key.length;
  if (length !== KEY_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `${name} must be ${KEY_BYTES} bytes, got ${length ?? 'an asymmetric key'}`);
  }
  return isObject ? key : createSecretKey(key);
}
