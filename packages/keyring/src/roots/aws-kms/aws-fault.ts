import type { KeyringError } from '../../errors.ts';
import { denied, doesNotOpen, unavailable } from '../root-fault.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and "Common Errors" there. */
const DOES_NOT_OPEN = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);
// Answered with status 400, as are refusals.
const PASSES = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'RequestTimeout',
  'RequestTimeoutException',
  'RequestTimeTooSkewed',
]);
// Thrown by the SDK before it asks: no credentials, or none that can be refreshed.
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);

interface AwsError {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** What an error of the AWS SDK means here. Its name and request id are kept: CloudTrail has the rest. */
export function fromAwsError(root: string, error: unknown): KeyringError {
  const { name = 'unknown error', $metadata: { httpStatusCode: status, requestId } = {} } = error as AwsError;
  if (DOES_NOT_OPEN.has(name)) return doesNotOpen();
  const reason = requestId === undefined ? name : `${name} (request ${requestId})`;
  if (NO_CREDENTIALS.has(name)) return denied(root, reason);
  const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 429;
  return isRefusal && !PASSES.has(name) ? denied(root, reason) : unavailable(root, reason);
}
