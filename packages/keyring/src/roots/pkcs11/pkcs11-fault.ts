import { KeyringError } from '../../errors.ts';
import { denied, unavailable } from '../root-fault.ts';

/** Return values of PKCS#11 3.1 (section 5.1) that are told apart here. */
export const CKR = {
  GENERAL_ERROR: 0x05,
  FUNCTION_FAILED: 0x06,
  DATA_INVALID: 0x20,
  DATA_LEN_RANGE: 0x21,
  DEVICE_ERROR: 0x30,
  ENCRYPTED_DATA_INVALID: 0x40,
  ENCRYPTED_DATA_LEN_RANGE: 0x41,
  AEAD_DECRYPT_FAILED: 0x42,
  KEY_FUNCTION_NOT_PERMITTED: 0x68,
  PIN_INCORRECT: 0xa0,
  PIN_INVALID: 0xa1,
  PIN_LEN_RANGE: 0xa2,
  PIN_EXPIRED: 0xa3,
  PIN_LOCKED: 0xa4,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_PIN_NOT_INITIALIZED: 0x102,
  WRAPPED_KEY_INVALID: 0x110,
  WRAPPED_KEY_LEN_RANGE: 0x112,
  CRYPTOKI_NOT_INITIALIZED: 0x190,
} as const;

const PIN_REFUSED = new Set<unknown>([
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.PIN_LOCKED,
  CKR.USER_PIN_NOT_INITIALIZED,
]);

const DOES_NOT_OPEN = new Set<unknown>([
  CKR.DATA_INVALID,
  CKR.DATA_LEN_RANGE,
  CKR.ENCRYPTED_DATA_INVALID,
  CKR.ENCRYPTED_DATA_LEN_RANGE,
  CKR.AEAD_DECRYPT_FAILED,
  CKR.WRAPPED_KEY_INVALID,
  CKR.WRAPPED_KEY_LEN_RANGE,
]);

// What a token says that has no better word, of a bad tag (SoftHSM) as of a broken cable.
const VAGUE = new Set<unknown>([CKR.GENERAL_ERROR, CKR.FUNCTION_FAILED, CKR.DEVICE_ERROR]);

/** The CKR_ value of a library's error. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** Whether the token refused the PIN: it must not be tried again, since tokens lock after a few. */
export function isPinRefused(error: unknown): boolean {
  return PIN_REFUSED.has(codeOf(error));
}

/** Whether the token found the wrapped bytes wrong. `unsure`: it may as well be the token that is. */
export function findsBytesWrong(error: unknown): boolean | 'unsure' {
  const code = codeOf(error);
  return DOES_NOT_OPEN.has(code) || (VAGUE.has(code) && 'unsure');
}

/** What an error of a PKCS#11 library means here, after all that could be tried. */
export function fromPkcs11Error(root: string, error: unknown): KeyringError {
  if (error instanceof KeyringError) return error;
  const { message, name } = error as Error;
  // The binding's message is the name of the return value; anything longer would be from somewhere else.
  const reason = /CKR_[A-Z_]+/.exec(message)?.[0] ?? name;
  const isRefusal = isPinRefused(error) || codeOf(error) === CKR.KEY_FUNCTION_NOT_PERMITTED;
  return isRefusal ? denied(root, reason) : unavailable(root, reason);
}
