import type { KeyringError } from '../../errors.ts';
import { denied, unavailable } from '../root-fault.ts';

interface AzureError {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
}

/** Of core-rest-pipeline and of ours: nothing came back. */
const NO_ANSWER = new Set(['RestError', 'AbortError', 'TimeoutError']);

/**
 * What an error of the Azure SDK means here. The SDK's own checks (a key that expired, or is not for wrapping) are
 * plain errors, and those of credentials have names of their own; both are refusals.
 */
export function fromAzureError(root: string, error: unknown): KeyringError {
  const { name = 'unknown error', code, statusCode: status } = error as AzureError;
  const label = code === undefined || code === '' ? name : code;
  if (status === undefined) return NO_ANSWER.has(name) ? unavailable(root, label) : denied(root, label);
  const reason = `${label} (status ${status})`;
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isRefusal ? denied(root, reason) : unavailable(root, reason);
}
