import type { KeyringError } from '../../errors.ts';
import { denied, doesNotOpen } from '../root-fault.ts';

/** The two endpoints of the transit engine that we call. */
export type VaultOperation = 'encrypt' | 'decrypt';

/**
 * Vault says 400 both of ciphertexts that do not open and of keys that are not there, and tells them apart in words
 * only (builtin/logical/transit/path_decrypt.go and sdk/helper/keysutil/policy.go of OpenBao). For `decrypt`, whatever
 * is not in this list is a ciphertext that does not open.
 */
const REFUSALS: readonly [words: string, reason: string][] = [
  ['encryption key not found', 'it has no such key'],
  ['disallowed by policy', 'the key version is below min_decryption_version'],
  ['non-AEAD cipher suite', 'the key is not of an AEAD cipher'],
  ["missing 'context'", 'the key is derived; set isDerived'],
];

/** What a 4xx of Vault means here. @param errors As in the answer; none of it is repeated. */
export function fromVaultRefusal(
  root: string,
  operation: VaultOperation,
  status: number,
  errors: unknown,
): KeyringError {
  if (status !== 400) return denied(root, status === 403 ? 'permission denied' : `status ${status}`);
  const text = Array.isArray(errors) ? errors.join(' ') : '';
  const refusal = REFUSALS.find(([words]) => text.includes(words));
  if (refusal !== undefined) return denied(root, refusal[1]);
  return operation === 'decrypt' ? doesNotOpen() : denied(root, 'status 400');
}
