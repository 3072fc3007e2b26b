import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { openFailed } from './errors.ts';

/** Length of the authentication tag: always the full 16 bytes, the only length this package writes or accepts. */
export const TAG_BYTES = 16;

/** Length of an AES-GCM nonce (SP 800-38D, 8.2). */
export const GCM_NONCE_BYTES = 12;

const EMPTY = new Uint8Array(0);

/** What Node wants to hear about a GCM cipher besides key and nonce. */
export interface GcmForm {
  readonly algorithm: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
  /** Always given: without it Node accepts tags as short as 4 bytes when opening. */
  readonly options: { readonly authTagLength: number };
}

/** With a key of 32 bytes and the full tag. For those who know their key: asking a new one its length costs 0.5 µs. */
export const AES_256_GCM_FORM: GcmForm = { algorithm: 'aes-256-gcm', options: { authTagLength: TAG_BYTES } };

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
  form = gcmFormOf(key),
): Buffer {
  const sealed = Buffer.allocUnsafe(prefix.length + plaintext.length + form.options.authTagLength);
  sealed.set(prefix);
  gcmSealInto(sealed, prefix.length, key, nonce, plaintext, associatedData, form);
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
  form = gcmFormOf(key),
): number {
  const cipher = createCipheriv(form.algorithm, key, nonce, form.options);
  cipher.setAAD(associatedData);
  target.set(cipher.update(plaintext), offset);
  cipher.final(); // always empty in GCM
  target.set(cipher.getAuthTag(), offset + plaintext.length);
  return offset + plaintext.length + form.options.authTagLength;
}

/**
 * Opens ciphertext ‖ tag (16) of `gcmSeal`. Plaintext leaves only after the tag was checked.
 *
 * @param start Where the ciphertext begins in `sealed`; saves the callers a view.
 * @throws CryptoError ERR_OPEN_FAILED
 */
export function gcmOpen(
  key: KeyObject,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
  form = gcmFormOf(key),
  start = 0,
): Buffer {
  const end = sealed.length - form.options.authTagLength;
  if (end < start) throw openFailed();
  const decipher = createDecipheriv(form.algorithm, key, nonce, form.options);
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(start, end));
  try {
    decipher.final();
  } catch {
    throw openFailed();
  }
  return plaintext;
}

/** The form for a key. @param tagBytes The full tag, except to run published vectors. */
export function gcmFormOf(key: KeyObject, tagBytes = TAG_BYTES): GcmForm {
  if (key.symmetricKeySize === 32 && tagBytes === TAG_BYTES) return AES_256_GCM_FORM;
  const algorithm = `aes-${(key.symmetricKeySize ?? 0) * 8}-gcm` as GcmForm['algorithm'];
  return { algorithm, options: { authTagLength: tagBytes } };
}
