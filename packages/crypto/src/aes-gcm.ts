import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { openFailed } from './errors.ts';

/** Length of the authentication tag: always the full 16 bytes, the only length this package writes or accepts. */
export const TAG_BYTES = 16;

/** Length of an AES-GCM nonce (SP 800-38D, 8.2). */
export const GCM_NONCE_BYTES = 12;

const EMPTY = new Uint8Array(0);

// Always given: without it Node accepts tags as short as 4 bytes when opening. Only the raw entry gives another.
const FULL_TAG = { authTagLength: TAG_BYTES };

/**
 * AES-GCM under a nonce of the caller's choice: the one place that does it. A nonce used twice under one key gives away
 * both plaintexts' difference and the power to forge.
 *
 * @param key 16, 24 or 32 bytes.
 * @param prefix Written before the ciphertext as it is; saves the callers a copy.
 * @returns prefix ‖ ciphertext ‖ tag (16).
 */
export function gcmSeal(
  key: KeyObject,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  prefix: Uint8Array = EMPTY,
  tag = FULL_TAG,
): Buffer {
  const sealed = Buffer.allocUnsafe(prefix.length + plaintext.length + tag.authTagLength);
  sealed.set(prefix);
  gcmSealInto(sealed, prefix.length, key, nonce, plaintext, associatedData, tag);
  return sealed;
}

/** As `gcmSeal`, writing ciphertext ‖ tag (16) into `target` from `offset` on. @returns The offset after them. */
export function gcmSealInto(
  target: Buffer,
  offset: number,
  key: KeyObject,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  tag = FULL_TAG,
): number {
  const cipher = createCipheriv(algorithmOf(key), key, nonce, tag);
  cipher.setAAD(associatedData);
  target.set(cipher.update(plaintext), offset);
  cipher.final(); // always empty in GCM
  target.set(cipher.getAuthTag(), offset + plaintext.length);
  return offset + plaintext.length + tag.authTagLength;
}

/**
 * Opens ciphertext ‖ tag (16) of `gcmSeal`. Plaintext leaves only after the tag was checked.
 *
 * @throws CryptoError ERR_OPEN_FAILED
 */
export function gcmOpen(
  key: KeyObject,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
  tag = FULL_TAG,
): Buffer {
  const length = sealed.length - tag.authTagLength;
  if (length < 0) throw openFailed();
  const decipher = createDecipheriv(algorithmOf(key), key, nonce, tag);
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    throw openFailed();
  }
  return plaintext;
}

function algorithmOf(key: KeyObject): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.symmetricKeySize === 32) return 'aes-256-gcm';
  return key.symmetricKeySize === 16 ? 'aes-128-gcm' : 'aes-192-gcm';
}
