import { GCM_NONCE_BYTES, gcmOpen, gcmSeal, TAG_BYTES } from './aes-gcm.ts';
import { openFailed } from './errors.ts';
import { randomNonce } from './random.ts';
import { requireKey, type SymmetricKey } from './symmetric-key.ts';

/** One AES-256-GCM message in its three parts. All three are needed to decrypt; none is secret. */
export interface Encrypted {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** As long as the plaintext. */
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

const NO_DATA = new Uint8Array(0);

/**
 * Encrypts with AES-256-GCM under a fresh random nonce, in three parts.
 *
 * One key is good for 2^32 calls, all processes together (NIST SP 800-38D, 8.3); rotate before that.
 *
 * @param plaintext Up to 2^31 - 1 bytes.
 * @param associatedData Authenticated, not stored; `decrypt` must be given the same bytes.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function encrypt(
  key: SymmetricKey,
  plaintext: Uint8Array,
  associatedData: Uint8Array = NO_DATA,
): { nonce: Buffer; ciphertext: Buffer; tag: Buffer } {
  const nonce = randomNonce(GCM_NONCE_BYTES);
  const sealed = gcmSeal(requireKey(key), nonce, plaintext, associatedData);
  return { nonce, ciphertext: sealed.subarray(0, plaintext.length), tag: sealed.subarray(plaintext.length) };
}

/**
 * Decrypts the three parts of `encrypt`.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED (also for a tag or nonce of another length)
 */
export function decrypt(key: SymmetricKey, encrypted: Encrypted, associatedData: Uint8Array = NO_DATA): Buffer {
  const { nonce, ciphertext, tag } = encrypted;
  const keyObject = requireKey(key);
  if (nonce.length !== GCM_NONCE_BYTES || tag.length !== TAG_BYTES) throw openFailed();
  return gcmOpen(keyObject, nonce, Buffer.concat([ciphertext, tag]), associatedData);
}

/**
 * Encrypts with AES-256-GCM under a fresh random nonce, in one piece.
 *
 * One key is good for 2^32 calls, all processes together (NIST SP 800-38D, 8.3); rotate before that.
 *
 * @param plaintext Up to 2^31 - 1 bytes.
 * @param associatedData Authenticated, not stored; `open` must be given the same bytes.
 * @returns nonce (12) ‖ ciphertext (as long as the plaintext) ‖ tag (16).
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function seal(key: SymmetricKey, plaintext: Uint8Array, associatedData: Uint8Array): Buffer {
  const nonce = randomNonce(GCM_NONCE_BYTES);
  return gcmSeal(requireKey(key), nonce, plaintext, associatedData, nonce);
}

/**
 * Opens what `seal` returned.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED
 */
export function open(key: SymmetricKey, sealed: Uint8Array, associatedData: Uint8Array): Buffer {
  const keyObject = requireKey(key);
  if (sealed.length < GCM_NONCE_BYTES + TAG_BYTES) throw openFailed();
  const nonce = sealed.subarray(0, GCM_NONCE_BYTES);
  return gcmOpen(keyObject, nonce, sealed.subarray(GCM_NONCE_BYTES), associatedData);
}
