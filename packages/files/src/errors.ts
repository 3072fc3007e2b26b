import { CryptoError } from '@bulwark/crypto';

/** Why a call of this package failed. Codes are API: add freely, never rename. */
export type FilesErrorCode =
  | 'ERR_ARGUMENT' // caller bug: an argument is out of its documented range
  | 'ERR_NOT_SEALED' // does not start with the mark of a sealed file: probably plaintext
  | 'ERR_SEALED_FORMAT' // marked as a sealed file, but its header is cut, over a limit, or of a version not known here
  | 'ERR_KEY_UNKNOWN' // none of the keys given is one that the file names
  | 'ERR_OPEN_FAILED' // wrong key, passphrase or context, altered or cut bytes; deliberately one code
  | 'ERR_SOURCE_CHANGED' // the source was written to while it was read
  | 'ERR_TARGET_EXISTS' // the target is there, and may not be replaced
  | 'ERR_DISK_FULL' // no room for the target: disk, quota or file size limit
  | 'ERR_IO'; // the operating system refused; `cause` says what

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class FilesError extends Error {
  override readonly name = 'FilesError';
  readonly code: FilesErrorCode;

  constructor(code: FilesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The one error for every way in which opening can fail. It keeps no cause: whoever can tell them apart has an oracle. */
export function openFailed(): FilesError {
  return new FilesError('ERR_OPEN_FAILED', 'cannot open: wrong key, passphrase or context, or the file was changed');
}

/** The error where nothing that the caller holds fits what the header names. Known without opening anything. */
export function keyUnknown(): FilesError {
  return new FilesError('ERR_KEY_UNKNOWN', 'none of the keys given is one that the file names');
}

/** The error for a header that is not one of ours, or breaks a limit. Known without any key. */
export function malformed(what: string): FilesError {
  return new FilesError('ERR_SEALED_FORMAT', `not a sealed file that this version can open: ${what}`);
}

/**
 * Runs a public function's work and turns what `@bulwark/crypto` and the operating system throw into this package's
 * error. A key source's own errors, and the reason of an AbortSignal, pass as they are.
 */
export async function translated<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

/** The error to throw in place of `error`; see `translated`. */
export function translate(error: unknown): unknown {
  if (error instanceof CryptoError) return fromCrypto(error);
  if (isSystemError(error)) return fromSystem(error);
  return error;
}

function fromCrypto(error: CryptoError): FilesError {
  switch (error.code) {
    case 'ERR_OPEN_FAILED':
      return openFailed();
    case 'ERR_KEY_UNKNOWN':
      return keyUnknown();
    case 'ERR_KDF_RECORD':
      return malformed('its key derivation is malformed or asks for more than the limits');
    default:
      return new FilesError('ERR_ARGUMENT', error.message, { cause: error });
  }
}

function fromSystem(error: NodeJS.ErrnoException): FilesError {
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new FilesError('ERR_DISK_FULL', `no room for the target (${error.code})`, { cause: error });
    case 'EEXIST':
      return new FilesError('ERR_TARGET_EXISTS', 'the target exists and may not be replaced', { cause: error });
    default:
      return new FilesError('ERR_IO', `${error.path ?? 'a file'} cannot be used (${error.code})`, { cause: error });
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
