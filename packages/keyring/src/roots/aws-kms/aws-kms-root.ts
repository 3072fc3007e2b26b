import type { DecryptCommandOutput, EncryptCommandOutput, KMSClient, KMSClientConfig } from '@aws-sdk/client-kms';
import { contextDigest } from '../context-digest.ts';
import { withDeadline } from '../deadline.ts';
import { loadOptional } from '../load-optional.ts';
import { DEFAULT_TIMEOUT_MS, type RemoteRoot, remoteRoot } from '../remote-root.ts';
import { doesNotOpen, misconfigured, unavailable } from '../root-fault.ts';
import { fromAwsError } from './aws-fault.ts';

export type { RemoteRoot } from '../remote-root.ts';

/** How AWS KMS is reached. Without options, as the AWS SDK finds credentials by itself. */
export interface AwsKmsOptions {
  /** For the client made here: endpoint, credentials, maxAttempts … The region is the ARN's. */
  readonly clientConfig?: KMSClientConfig;
  /** A client of your own instead. */
  readonly client?: KMSClient;
  /** For one wrap or unwrap, retries included; 10 s. */
  readonly timeoutMs?: number;
}

// An alias can be pointed at another key behind our back, so the key itself is to be named.
const KEY_ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):key\/((?:mrk-[0-9a-f]{32})|[0-9a-f-]{36})$/;

const ROOT = 'AWS KMS';
const MAX_CIPHERTEXT_BYTES = 6144;

// Seen in CloudTrail, and part of what every record was wrapped with: it cannot change.
const CONTEXT_NAME = 'bulwark-context';

/**
 * A symmetric key in AWS KMS.
 *
 * The context goes into the encryption context as a SHA-256 digest, since CloudTrail logs that in the clear. Throttling
 * and server errors are retried by the SDK, up to four attempts.
 *
 * @param keyArn Of the key, not of an alias; permissions kms:Encrypt and kms:Decrypt.
 * @throws KeyringError ERR_ROOT_CONFIG, ERR_ROOT_MODULE; from wrap and unwrap ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export async function awsKmsRoot(keyArn: string, options: AwsKmsOptions = {}): Promise<RemoteRoot> {
  const { region, id } = parseKeyArn(keyArn);
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const sdk = await loadOptional('@aws-sdk/client-kms', () => import('@aws-sdk/client-kms'));
  const client = options.client ?? new sdk.KMSClient({ maxAttempts: 4, ...options.clientConfig, region });

  async function send<T extends EncryptCommandOutput | DecryptCommandOutput>(
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const answer = await withDeadline(timeoutMs, call).catch((error: unknown) => {
      throw fromAwsError(ROOT, error);
    });
    if (answer.KeyId !== keyArn) throw unavailable(ROOT, 'it answered for another key than the one asked for');
    return answer;
  }

  const shared = (context: Uint8Array) => ({
    KeyId: keyArn,
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    EncryptionContext: { [CONTEXT_NAME]: contextDigest(context).toString('base64') },
  });

  return remoteRoot({
    id,
    async wrap(key, context) {
      const command = new sdk.EncryptCommand({ ...shared(context), Plaintext: key });
      const { CiphertextBlob } = await send((abortSignal) => client.send(command, { abortSignal }));
      if (CiphertextBlob === undefined) throw unavailable(ROOT, 'it answered without a ciphertext');
      return CiphertextBlob;
    },
    async unwrap(wrapped, context) {
      // KMS would call these malformed requests, where a record that was cut or extended is what they are.
      if (wrapped.length === 0 || wrapped.length > MAX_CIPHERTEXT_BYTES) throw doesNotOpen();
      const command = new sdk.DecryptCommand({ ...shared(context), CiphertextBlob: wrapped });
      const { Plaintext } = await send((abortSignal) => client.send(command, { abortSignal }));
      if (Plaintext === undefined) throw unavailable(ROOT, 'it answered without a plaintext');
      return Buffer.from(Plaintext);
    },
    async close() {
      if (options.client === undefined) client.destroy();
    },
  });
}

function parseKeyArn(arn: string): { region: string; id: string } {
  const [, partition, region, account, key] = KEY_ARN.exec(arn) ?? [];
  if (region === undefined || key === undefined) {
    throw misconfigured('keyArn must be the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID, and not of an alias');
  }
  // Replicas of a multi-Region key are one key, and open what the others wrapped.
  const place = key.startsWith('mrk-') ? '*' : region;
  return { region, id: `aws-kms:${partition}:${place}:${account}:${key}` };
}
