import type { KeyringError } from '../../errors.ts';
import { denied, doesNotOpen, unavailable } from '../root-fault.ts';

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto, those that Cloud KMS answers with. */
const CODES = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9, // the key's version is disabled or destroyed
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** What passes by itself, quotas included, which the SDK would not retry. */
export const RETRIED_CODES: number[] = [CODES.RESOURCE_EXHAUSTED, CODES.INTERNAL, CODES.UNAVAILABLE];

const REFUSALS = new Set<unknown>([
  CODES.INVALID_ARGUMENT,
  CODES.NOT_FOUND,
  CODES.PERMISSION_DENIED,
  CODES.FAILED_PRECONDITION,
  CODES.UNAUTHENTICATED,
]);

const NAMES = new Map<unknown, string>(Object.entries(CODES).map(([name, code]) => [code, name]));

/**
 * What an error of the Google SDK means here. Its message is not kept: for a malformed request it repeats the bytes.
 *
 * Cloud KMS says INVALID_ARGUMENT of a ciphertext of another key, for another context, or altered; our own requests
 * are well-formed.
 */
export function fromGoogleError(root: string, operation: 'encrypt' | 'decrypt', error: unknown): KeyringError {
  const { code, name } = error as { code?: unknown; name?: string };
  if (code === CODES.INVALID_ARGUMENT && operation === 'decrypt') return doesNotOpen();
  const reason = NAMES.get(code) ?? (typeof code === 'string' ? code : (name ?? 'unknown error'));
  return REFUSALS.has(code) ? denied(root, reason) : unavailable(root, reason);
}
