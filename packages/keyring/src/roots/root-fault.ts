import { KeyringError } from '../errors.ts';

// None of these keeps a cause. Errors of the vendors' SDKs hold the request they failed on, and so the key that was to
// be wrapped, the token or both; whoever logs a chain of causes would log those.

/** The root is away, throttles, or answers with what cannot be right. @param reason No secrets: names, codes, ids. */
export function unavailable(root: string, reason: string): KeyringError {
  return new KeyringError('ERR_ROOT_UNAVAILABLE', `${root} is not available: ${reason}`);
}

/** The root is there and refuses us, whatever we ask. @param reason No secrets: names, codes, ids. */
export function denied(root: string, reason: string): KeyringError {
  return new KeyringError('ERR_ROOT_DENIED', `${root} refuses: ${reason}`);
}

/** Wrapped by another key, for another context, or altered; deliberately one error for the three. */
export function doesNotOpen(): KeyringError {
  return new KeyringError('ERR_ROOT_KEY_WRONG', 'the root key does not open this key record');
}

/** A setting is malformed: the caller's, and so thrown before anything is asked of the root. */
export function misconfigured(message: string): KeyringError {
  return new KeyringError('ERR_ROOT_CONFIG', message);
}
