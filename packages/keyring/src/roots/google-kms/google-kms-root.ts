import type { KeyManagementServiceClient, protos } from '@google-cloud/kms';
import { KeyringError } from '../../errors.ts';
import { contextDigest } from '../context-digest.ts';
import { crc32c } from '../crc32c.ts';
import { withDeadline } from '../deadline.ts';
import { loadOptional } from '../load-optional.ts';
import { DEFAULT_TIMEOUT_MS, type RemoteRoot, remoteRoot } from '../remote-root.ts';
import { denied, doesNotOpen, misconfigured, unavailable } from '../root-fault.ts';
import { requireSecureUrl } from '../secure-url.ts';
import { fromGoogleError, RETRIED_CODES } from './google-fault.ts';

export type { RemoteRoot } from '../remote-root.ts';

/** Options of the SDK's client: credentials, apiEndpoint … */
export type GoogleKmsClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;

/** How Google Cloud KMS is reached. Without options, by Application Default Credentials. */
export interface GoogleKmsOptions {
  /** A private or regional endpoint in place of https://cloudkms.googleapis.com; http only to this machine. */
  readonly endpoint?: string;
  /** For the client made here, which speaks REST. */
  readonly clientOptions?: GoogleKmsClientOptions;
  /** A client of your own instead, gRPC or REST. */
  readonly client?: KeyManagementServiceClient;
  /** For one wrap or unwrap, retries included; 10 s. */
  readonly timeoutMs?: number;
}

type EncryptResponse = protos.google.cloud.kms.v1.IEncryptResponse;
type DecryptResponse = protos.google.cloud.kms.v1.IDecryptResponse;

const CRYPTO_KEY = /^projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;
const ROOT = 'Google Cloud KMS';
const MAX_CIPHERTEXT_BYTES = 65_536 + 1024;

/**
 * A symmetric key (purpose ENCRYPT_DECRYPT) in Google Cloud KMS. Its versions may be rotated there: a ciphertext names
 * its own.
 *
 * The context goes as additional authenticated data, as a SHA-256 digest. Checksums (CRC-32C) go with all bytes both
 * ways, as Google asks of callers. Throttling and server errors are retried until the deadline.
 *
 * @param keyName projects/P/locations/L/keyRings/R/cryptoKeys/K; role roles/cloudkms.cryptoKeyEncrypterDecrypter.
 * @throws KeyringError ERR_ROOT_CONFIG, ERR_ROOT_MODULE; from wrap and unwrap ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export async function googleKmsRoot(keyName: string, options: GoogleKmsOptions = {}): Promise<RemoteRoot> {
  if (!CRYPTO_KEY.test(keyName)) {
    throw misconfigured('keyName must be projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version');
  }
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const place = options.endpoint === undefined ? {} : placeOf(options.endpoint);
  const sdk = await loadOptional('@google-cloud/kms', () => import('@google-cloud/kms'));
  let current = options.client;

  // Not left to the first call: that would reject a promise of which nobody knows, and end the process.
  async function initialised(): Promise<KeyManagementServiceClient> {
    // REST: two short calls an hour are not worth a gRPC channel, and proxies let it through.
    current ??= new sdk.KeyManagementServiceClient({ fallback: true, ...place, ...options.clientOptions });
    const client = current;
    try {
      await client.initialize();
      return client;
    } catch {
      // One that found no credentials does not look for them again; the next call makes another.
      if (current === client) current = options.client;
      throw denied(ROOT, 'no credentials');
    }
  }

  async function call<T>(
    operation: 'encrypt' | 'decrypt',
    send: (client: KeyManagementServiceClient) => Promise<[T, ...unknown[]]>,
  ): Promise<T> {
    try {
      const [answer] = await withDeadline(timeoutMs, async () => send(await initialised()));
      return answer;
    } catch (error) {
      if (error instanceof KeyringError) throw error;
      throw fromGoogleError(ROOT, operation, error);
    }
  }

  const callOptions = {
    timeout: timeoutMs,
    retry: {
      retryCodes: RETRIED_CODES,
      backoffSettings: {
        initialRetryDelayMillis: 100,
        retryDelayMultiplier: 2,
        maxRetryDelayMillis: 2_000,
        initialRpcTimeoutMillis: timeoutMs,
        rpcTimeoutMultiplier: 1,
        maxRpcTimeoutMillis: timeoutMs,
        totalTimeoutMillis: timeoutMs,
      },
    },
  };

  return remoteRoot({
    id: `google-kms:${keyName}`,
    async wrap(key, context) {
      const request = { name: keyName, plaintext: key, plaintextCrc32c: { value: crc32c(key) }, ...bound(context) };
      const answer = await call<EncryptResponse>('encrypt', (client) => client.encrypt(request, callOptions));
      if (!answer.verifiedPlaintextCrc32c || !answer.verifiedAdditionalAuthenticatedDataCrc32c) throw damaged();
      if (!answer.name?.startsWith(`${keyName}/cryptoKeyVersions/`)) {
        throw unavailable(ROOT, 'it answered for another key than the one asked for');
      }
      return checked(answer.ciphertext, answer.ciphertextCrc32c);
    },
    async unwrap(wrapped, context) {
      if (wrapped.length === 0 || wrapped.length > MAX_CIPHERTEXT_BYTES) throw doesNotOpen();
      const request = {
        name: keyName,
        ciphertext: wrapped,
        ciphertextCrc32c: { value: crc32c(wrapped) },
        ...bound(context),
      };
      const answer = await call<DecryptResponse>('decrypt', (client) => client.decrypt(request, callOptions));
      return checked(answer.plaintext, answer.plaintextCrc32c);
    },
    async close() {
      if (options.client === undefined) await current?.close();
    },
  });
}

function placeOf(endpoint: string): GoogleKmsClientOptions {
  const { hostname, port, protocol, pathname } = requireSecureUrl(endpoint, 'endpoint');
  if (pathname !== '/') throw misconfigured('endpoint must have no path');
  const scheme = protocol.slice(0, -1);
  return { apiEndpoint: hostname, port: Number(port) || (scheme === 'http' ? 80 : 443), protocol: scheme };
}

function bound(context: Uint8Array) {
  const additionalAuthenticatedData = contextDigest(context);
  return {
    additionalAuthenticatedData,
    additionalAuthenticatedDataCrc32c: { value: crc32c(additionalAuthenticatedData) },
  };
}

type Checksum = protos.google.protobuf.IInt64Value | null | undefined;

function checked(bytes: Uint8Array | string | null | undefined, checksum: Checksum): Buffer {
  if (!(bytes instanceof Uint8Array)) throw unavailable(ROOT, 'it answered without the bytes asked for');
  // int64 arrives as a number, a string or a Long, depending on the transport.
  if (Number(checksum?.value?.toString()) !== crc32c(bytes)) throw damaged();
  return Buffer.from(bytes);
}

function damaged() {
  return unavailable(ROOT, 'bytes were damaged on the way (CRC-32C)');
}
