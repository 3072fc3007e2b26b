/** Why a key was not to be had. Codes are API: add freely, never rename. */
export type KeyringErrorCode =
  | 'ERR_ROOT_KEY_FORMAT' // caller bug: a local root key is 32 bytes
  | 'ERR_ROOT_KEY_MISSING' // no root key where the configuration says there is one
  | 'ERR_ROOT_KEY_ENCODING' // the root key's text is neither base64 nor hex
  | 'ERR_ROOT_KEY_WRONG' // the records were wrapped by another root key, or were altered
  | 'ERR_ROOT_CONFIG' // a setting of the root provider is malformed; the message names it
  | 'ERR_ROOT_MODULE' // the provider's optional package is not installed; the message says which
  | 'ERR_ROOT_UNAVAILABLE' // the root is away or throttles: nothing is lost, try again later
  | 'ERR_ROOT_DENIED' // the root refuses: credentials, permission, or its key is disabled or gone
  | 'ERR_KEY_NOT_FOUND' // no such key in the store
  | 'ERR_ARGUMENT' // caller bug: an argument is out of its documented range
  | 'ERR_SETTINGS' // settings are missing or malformed; the message lists all of them
  | 'ERR_KEY_EXISTS' // a key of this name is or was there; names are not used twice
  | 'ERR_KEY_DELETED' // in its grace period: restore it, or let it go
  | 'ERR_KEY_DESTROYED' // for good; what it sealed is lost
  | 'ERR_KEY_STATE' // the state of the key or version does not allow the operation
  | 'ERR_KEY_COMPROMISED' // opens only where the caller says that it may
  | 'ERR_KEY_SPENT' // used as often as its cipher allows; rotate
  | 'ERR_KEY_UNAVAILABLE' // the root or the store is away; nothing is lost, try again
  | 'ERR_KEY_NOT_WARM' // a synchronous form was used before `warm`, or faster than leases could be had
  | 'ERR_KEY_ALTERED' // the store's content is not what was put there
  | 'ERR_KEY_CONFLICT' // others changed the key all the while; try again
  | 'ERR_DESTROY_REFUSED' // the key is still needed, or was not named twice
  | 'ERR_BACKUP_FORMAT' // not a key backup or share, or of a version that is not known
  | 'ERR_BACKUP_OPEN'; // wrong passphrase, private key or shares, or altered; deliberately one code

/** The only error class this package throws on purpose. Switch on `code`, not on `message`. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
  readonly code: KeyringErrorCode;

  constructor(code: KeyringErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
