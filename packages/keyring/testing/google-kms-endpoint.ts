import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { generateKey, open, seal } from '@bulwark/crypto';
import { crc32c } from '../src/roots/crc32c.ts';
import { type EndpointAnswer, type EndpointRequest, type LocalEndpoint, startEndpoint } from './local-endpoint.ts';

/** A Google Cloud KMS with two keys: encrypt and decrypt of its REST API, with the bearer token's signature checked. */
export interface GoogleKmsEndpoint extends LocalEndpoint {
  readonly keyNames: readonly [string, string];
  /** Of a service account, as the file that Google hands out has it. */
  readonly credentials: ServiceAccount;
  /** Answers with a wrong checksum, as if bytes had been damaged on the way back, or on the way there. */
  damageNext(where: 'answer' | 'request'): void;
}

/** What Application Default Credentials read from a file. */
export interface ServiceAccount {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}

const RING = 'projects/acme/locations/europe-west3/keyRings/bulwark/cryptoKeys';
const NAMES = [`${RING}/root`, `${RING}/other`] as const;
const EMAIL = 'bulwark@acme.iam.gserviceaccount.com';
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/cloudkms'];

interface CryptoRequest {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly additionalAuthenticatedData?: string;
  readonly plaintextCrc32c?: string;
  readonly ciphertextCrc32c?: string;
  readonly additionalAuthenticatedDataCrc32c?: string;
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt and …/decrypt */
export async function startGoogleKms(): Promise<GoogleKmsEndpoint> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = new Map<string, Buffer>(NAMES.map((name) => [name, generateKey()]));
  let damage: 'answer' | 'request' | undefined;

  function answer({ method, url, headers, body }: EndpointRequest): EndpointAnswer {
    if (!isSignedToken(headers.authorization, publicKey)) return googleFault(401, 'UNAUTHENTICATED');
    const [, name = '', operation] = /^\/v1\/(projects\/[^:]+):(encrypt|decrypt)(?:\?|$)/.exec(url) ?? [];
    if (method !== 'POST' || operation === undefined) return googleFault(404, 'NOT_FOUND');
    const key = keys.get(name);
    if (key === undefined) return googleFault(404, 'NOT_FOUND');
    const request = JSON.parse(body.toString('utf8')) as CryptoRequest;
    const damaged = damage;
    damage = undefined;
    if (!checksumsMatch(request)) return googleFault(400, 'INVALID_ARGUMENT');
    return operation === 'encrypt' ? encrypt(name, key, request, damaged) : decrypt(key, request, damaged);
  }

  return {
    ...(await startEndpoint(answer)),
    keyNames: NAMES,
    credentials: serviceAccountOf(privateKey),
    damageNext(where) {
      damage = where;
    },
  };
}

/** The service account with this private key, whether or not Google knows of it. */
export function serviceAccountOf(privateKey: KeyObject): ServiceAccount {
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { type: 'service_account', project_id: 'acme', client_email: EMAIL, private_key };
}

/** An error as Google's REST APIs answer it. */
export function googleFault(status: number, name: string): EndpointAnswer {
  return { status, body: { error: { code: status, message: `${name} for "plaintext"`, status: name } } };
}

type Damage = 'answer' | 'request' | undefined;

function encrypt(name: string, key: Buffer, request: CryptoRequest, damage: Damage): EndpointAnswer {
  const sealed = seal(key, bytes(request.plaintext), bytes(request.additionalAuthenticatedData));
  return {
    status: 200,
    body: {
      name: `${name}/cryptoKeyVersions/1`,
      ciphertext: sealed.toString('base64'),
      ciphertextCrc32c: checksumOf(sealed, damage),
      verifiedPlaintextCrc32c: damage !== 'request',
      verifiedAdditionalAuthenticatedDataCrc32c: true,
      protectionLevel: 'SOFTWARE',
    },
  };
}

function decrypt(key: Buffer, request: CryptoRequest, damage: Damage): EndpointAnswer {
  try {
    const plaintext = open(key, bytes(request.ciphertext), bytes(request.additionalAuthenticatedData));
    const plaintextCrc32c = checksumOf(plaintext, damage);
    return { status: 200, body: { plaintext: plaintext.toString('base64'), plaintextCrc32c, usedPrimary: true } };
  } catch {
    return googleFault(400, 'INVALID_ARGUMENT');
  }
}

function checksumOf(content: Buffer, damage: Damage): string {
  return String((crc32c(content) + (damage === 'answer' ? 1 : 0)) % 2 ** 32);
}

/** All three are optional to Google, and none of them to us. */
function checksumsMatch(request: CryptoRequest): boolean {
  const payload = request.plaintext === undefined ? 'ciphertext' : 'plaintext';
  return (
    String(crc32c(bytes(request[payload]))) === String(request[`${payload}Crc32c`]) &&
    String(crc32c(bytes(request.additionalAuthenticatedData))) === String(request.additionalAuthenticatedDataCrc32c)
  );
}

function bytes(base64 = ''): Buffer {
  return Buffer.from(base64, 'base64');
}

/** A self-signed JWT of the service account: https://google.aip.dev/auth/4111 */
function isSignedToken(authorization: string | undefined, publicKey: KeyObject): boolean {
  const [, header = '', payload = '', signature = ''] =
    /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? '') ?? [];
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))) {
    return false;
  }
  const { iss, exp, scope, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const isForUs =
    aud === 'https://cloudkms.googleapis.com/' || SCOPES.some((each) => String(scope).split(' ').includes(each));
  return iss === EMAIL && exp * 1000 > Date.now() && isForUs;
}
