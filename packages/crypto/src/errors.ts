/** Why a call of this package failed. Codes are API: add freely, never rename. */
export type CryptoErrorCode =
  | 'ERR_ARGUMENT' // caller bug: an argument is out of its documented range
  | 'ERR_KEY_LENGTH' // caller bug: a key has not the length its algorithm wants
  | 'ERR_KEY_SPENT' // the key has been used as often as its cipher allows; rotate
  | 'ERR_KEY_UNKNOWN' // the value names a key that the ring does not hold
  | 'ERR_PUBLIC_KEY' // another party's public key is malformed, or a small-order point
  | 'ERR_UNSUPPORTED' // the library Node was built with lacks the algorithm
  | 'ERR_ENCODING' // text is not the one canonical base64 or base64url form of any bytes
  | 'ERR_NOT_SEALED' // bytes carry no mark of a sealed field: probably plaintext
  | 'ERR_SEALED_FORMAT' // marked as a sealed field, but of a form this version does not know
  | 'ERR_BINDING' // sealed with another binding (row, column) than the reader demands
  | 'ERR_OPEN_FAILED' // wrong key, wrong context, altered or cut bytes; deliberately one code
  | 'ERR_PASSWORD_HASH' // a stored password hash is malformed or asks for more than the limits
  | 'ERR_KDF_RECORD'; // a stored KDF record is malformed or asks for more than the limits

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The one error for every way in which opening can fail.
 *
 * It keeps no cause: whoever can tell a bad tag from a bad length or a wrong key has an oracle.
 */
export function openFailed(): CryptoError {
  return new CryptoError('ERR_OPEN_FAILED', 'cannot open: wrong key, wrong context, or the bytes were changed');
}
