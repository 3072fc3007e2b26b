import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { CryptoError, openFailed } from './errors.ts';
import { requireKey, type SymmetricKey } from './symmetric-key.ts';

/**
 * Which wrapping of keys under an AES key.
 * - `KWP`: with padding, for keys of any length (RFC 5649; KWP of SP 800-38F).
 * - `KW`: for keys of 16, 24, 32 … bytes (RFC 3394; KW of SP 800-38F).
 */
export type KeyWrapForm = 'KWP' | 'KW';

// Initial values of RFC 3394, 2.2.3.1 and RFC 5649, 3.
const FORMS = {
  KW: { cipher: 'wrap', initial: Buffer.from('a6a6a6a6a6a6a6a6', 'hex'), minWrappedBytes: 24 },
  KWP: { cipher: 'wrap-pad', initial: Buffer.from('a65959a6', 'hex'), minWrappedBytes: 16 },
} as const;

/**
 * Wraps a key under another, in the forms in which HSMs and clouds import keys. The same key gives the same bytes, and
 * there is no associated data: where both sides are ours, prefer `seal`.
 *
 * @param wrappingKey 32 bytes.
 * @param key 1 byte or more; for `KW` a multiple of 8 and at least 16.
 * @returns 8 bytes longer than the key; with `KWP` padded to a multiple of 8.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function wrapKey(wrappingKey: SymmetricKey, key: Uint8Array, form: KeyWrapForm = 'KWP'): Buffer {
  return aesWrap(requireKey(wrappingKey, 'wrappingKey'), key, form);
}

/**
 * Unwraps what `wrapKey` or any other implementation of the two standards wrapped.
 *
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED
 */
export function unwrapKey(wrappingKey: SymmetricKey, wrapped: Uint8Array, form: KeyWrapForm = 'KWP'): Buffer {
  return aesUnwrap(requireKey(wrappingKey, 'wrappingKey'), wrapped, form);
}

/** As `wrapKey`, for wrapping keys of 16, 24 and 32 bytes. */
export function aesWrap(wrappingKey: KeyObject, key: Uint8Array, form: KeyWrapForm): Buffer {
  if (key.length === 0 || (form === 'KW' && (key.length < 16 || key.length % 8 !== 0))) {
    throw new CryptoError('ERR_KEY_LENGTH', `key of ${key.length} bytes cannot be wrapped with ${form}`);
  }
  const cipher = createCipheriv(algorithmOf(wrappingKey, form), wrappingKey, FORMS[form].initial);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** As `unwrapKey`, for wrapping keys of 16, 24 and 32 bytes. */
export function aesUnwrap(wrappingKey: KeyObject, wrapped: Uint8Array, form: KeyWrapForm): Buffer {
  // OpenSSL takes nothing at all for a wrapped key of no bytes.
  if (wrapped.length < FORMS[form].minWrappedBytes || wrapped.length % 8 !== 0) throw openFailed();
  const decipher = createDecipheriv(algorithmOf(wrappingKey, form), wrappingKey, FORMS[form].initial);
  try {
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    throw openFailed();
  }
}

function algorithmOf(wrappingKey: KeyObject, form: KeyWrapForm): string {
  return `aes${(wrappingKey.symmetricKeySize ?? 0) * 8}-${FORMS[form].cipher}`;
}
