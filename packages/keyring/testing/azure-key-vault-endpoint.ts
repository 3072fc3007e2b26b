import { constants, generateKeyPairSync, type KeyObject, privateDecrypt, publicEncrypt, randomUUID } from 'node:crypto';
import type { TokenCredential } from '@azure/core-auth';
import { type EndpointAnswer, type EndpointRequest, type LocalEndpoint, startEndpoint } from './local-endpoint.ts';

/** An Azure Key Vault with two RSA keys: get, wrapkey and unwrapkey of its REST API, behind a bearer challenge. */
export interface AzureKeyVaultEndpoint extends LocalEndpoint {
  readonly keyIds: readonly [string, string];
  readonly token: string;
  /** Hands the token to whoever asks for this vault's scope. */
  readonly credential: TokenCredential;
  /** What the credential was asked for. */
  readonly scopes: readonly string[];
  /** From here on the keys say of themselves that they expired. */
  expire(): void;
}

const SCOPE = 'https://vault.azure.net/.default';
const VERSIONS = { root: '0123456789abcdef0123456789abcdef', other: 'fedcba9876543210fedcba9876543210' } as const;
const API_VERSION = /^(?:7\.\d|20\d\d-\d\d-\d\d)$/;
const CHALLENGE = {
  'www-authenticate':
    'Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", resource="https://vault.azure.net"',
};

/** https://learn.microsoft.com/rest/api/keyvault/keys/wrap-key/wrap-key and …/unwrap-key/unwrap-key */
export async function startAzureKeyVault(): Promise<AzureKeyVaultEndpoint> {
  const token = `eyJ0eXAiOiJKV1QifQ.${randomUUID()}`;
  const scopes: string[] = [];
  const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>(
    Object.entries(VERSIONS).map(([name, version]) => [
      `/keys/${name}/${version}`,
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ]),
  );
  let expires: number | undefined;

  function answer({ method, url, headers, body }: EndpointRequest): EndpointAnswer {
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, headers: CHALLENGE };
    const { pathname, searchParams } = new URL(url, endpoint.url);
    if (!API_VERSION.test(searchParams.get('api-version') ?? '')) return azureFault(400, 'BadParameter');
    const [, id = '', operation] = /^(\/keys\/[^/]+\/[^/]+)(?:\/(\w+))?$/.exec(pathname) ?? [];
    const pair = pairs.get(id);
    if (pair === undefined) return azureFault(404, 'KeyNotFound');
    const kid = endpoint.url + id;
    if (method === 'GET' && operation === undefined) return describe(kid, pair.publicKey, expires);
    const { alg, value } = JSON.parse(body.toString('utf8')) as { alg: string; value: string };
    if (alg !== 'RSA-OAEP-256') return azureFault(400, 'BadParameter');
    const result = operation === 'wrapkey' ? wrap(pair.publicKey, value) : unwrap(pair.privateKey, value);
    return result === undefined ? azureFault(400, 'BadParameter') : { status: 200, body: { kid, value: result } };
  }

  const endpoint: LocalEndpoint = await startEndpoint(answer);
  const idOf = (name: keyof typeof VERSIONS) => `${endpoint.url}/keys/${name}/${VERSIONS[name]}`;
  return {
    ...endpoint,
    keyIds: [idOf('root'), idOf('other')],
    token,
    scopes,
    credential: {
      async getToken(wanted) {
        scopes.push(...[wanted].flat());
        return [wanted].flat().includes(SCOPE) ? { token, expiresOnTimestamp: Date.now() + 3_600_000 } : null;
      },
    },
    expire() {
      expires = Math.floor(Date.now() / 1000) - 60;
    },
  };
}

/** An error as Key Vault answers it. */
export function azureFault(status: number, code: string, headers: Record<string, string> = {}): EndpointAnswer {
  return { status, headers, body: { error: { code, message: `${code}: the value was not repeated here` } } };
}

function describe(kid: string, publicKey: KeyObject, exp: number | undefined): EndpointAnswer {
  const { n, e } = publicKey.export({ format: 'jwk' });
  const key = { kid, kty: 'RSA', n, e, key_ops: ['wrapKey', 'unwrapKey'] };
  return { status: 200, body: { key, attributes: { enabled: true, ...(exp && { exp }) } } };
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

function wrap(key: KeyObject, value: string): string {
  return publicEncrypt({ key, ...OAEP }, Buffer.from(value, 'base64url')).toString('base64url');
}

function unwrap(key: KeyObject, value: string): string | undefined {
  try {
    return privateDecrypt({ key, ...OAEP }, Buffer.from(value, 'base64url')).toString('base64url');
  } catch {
    return undefined;
  }
}
