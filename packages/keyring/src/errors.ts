/** Why a key was not to be had. Codes are API: add freely, never rename. */
export type KeyringErrorCode =
  | 'ERR_ROOT_KEY_FORMAT' // caller bug: a local root key is 32 bytes
  | 'ERR_ROOT_KEY_WRONG' // the records were wrapped by another root key, or were altered
  | 'ERR_KEY_NOT_FOUND'; // no such key in the store

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
  readonly code: KeyringErrorCode;

  constructor(code: KeyringErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
