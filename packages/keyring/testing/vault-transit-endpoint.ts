import { createHmac } from 'node:crypto';
import { generateKey, open, seal } from '@bulwark/crypto';
import { type EndpointAnswer, type EndpointRequest, type LocalEndpoint, startEndpoint } from './local-endpoint.ts';

/** A Vault with a transit engine at `transit` in the namespace `ops`: encrypt and decrypt of its HTTP API. */
export interface VaultEndpoint extends LocalEndpoint {
  readonly token: string;
  readonly namespace: string;
  /** Two plain keys, one made with derived=true, one that is not of an AEAD cipher. */
  readonly keys: { readonly plain: string; readonly other: string; readonly derived: string; readonly rsa: string };
  /** From here on a new version of the plain key encrypts. */
  rotate(): void;
  /** Ciphertexts of versions before it are refused. */
  setMinDecryptionVersion(version: number): void;
  /** As servers from before that parameter: silently. */
  ignoreAssociatedData(): void;
}

interface TransitRequest {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly associated_data?: string;
  readonly context?: string;
}

const NAMES = { plain: 'bulwark', other: 'other', derived: 'bulwark-derived', rsa: 'bulwark-rsa' } as const;

/** https://developer.hashicorp.com/vault/api-docs/secret/transit#encrypt-data and #decrypt-data */
export async function startVault(): Promise<VaultEndpoint> {
  const token = 'hvs.CAESIJlU02LQZq3xExampleToken';
  const namespace = 'ops';
  const keys = new Map<string, Buffer[]>(Object.values(NAMES).map((name) => [name, [generateKey()]]));
  let minDecryptionVersion = 1;
  let knowsAssociatedData = true;

  function answer({ method, url, headers, body }: EndpointRequest): EndpointAnswer {
    if (headers['x-vault-token'] !== token) return refusal(403, 'permission denied');
    if (headers['x-vault-namespace'] !== namespace) return refusal(404, `no handler for route "${url}"`);
    const [, operation, name = ''] = /^\/v1\/transit\/(encrypt|decrypt)\/([\w-]+)$/.exec(url) ?? [];
    if (method !== 'POST' || operation === undefined) return refusal(404, `no handler for route "${url}"`);
    const versions = keys.get(name);
    if (versions === undefined) return refusal(400, 'encryption key not found');
    const request = JSON.parse(body.toString('utf8')) as TransitRequest;
    if (name === NAMES.rsa && request.associated_data) {
      return refusal(400, "'[0].associated_data' provided for non-AEAD cipher suite rsa-2048");
    }
    if (name === NAMES.derived && !request.context) {
      return refusal(400, "missing 'context' for key derivation; the key was created using a derived key");
    }
    const keyOf = (version: number) => derive(name, versions[version - 1], request.context);
    const aad = Buffer.from((knowsAssociatedData && request.associated_data) || '', 'base64');
    return operation === 'encrypt' ? encrypt(versions.length, keyOf, aad, request) : decrypt(keyOf, aad, request);
  }

  function encrypt(version: number, keyOf: KeyOf, aad: Buffer, { plaintext = '' }: TransitRequest): EndpointAnswer {
    const sealed = seal(keyOf(version)!, Buffer.from(plaintext, 'base64'), aad);
    return data({ ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version });
  }

  function decrypt(keyOf: KeyOf, aad: Buffer, { ciphertext = '' }: TransitRequest): EndpointAnswer {
    const [, version, text = ''] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
    if (version === undefined) return refusal(400, 'invalid ciphertext: no prefix');
    const key = keyOf(Number(version));
    if (key === undefined) return refusal(400, 'invalid ciphertext: version is too new');
    if (Number(version) < minDecryptionVersion) {
      return refusal(400, 'ciphertext or signature version is disallowed by policy (too old)');
    }
    try {
      return data({ plaintext: open(key, Buffer.from(text, 'base64'), aad).toString('base64') });
    } catch {
      return refusal(400, 'cipher: message authentication failed');
    }
  }

  return {
    ...(await startEndpoint(answer)),
    token,
    namespace,
    keys: NAMES,
    rotate: () => void keys.get(NAMES.plain)?.push(generateKey()),
    setMinDecryptionVersion(version) {
      minDecryptionVersion = version;
    },
    ignoreAssociatedData() {
      knowsAssociatedData = false;
    },
  };
}

type KeyOf = (version: number) => Buffer | undefined;

/** An answer as Vault refuses. */
export function refusal(status: number, error: string, headers: Record<string, string> = {}): EndpointAnswer {
  return { status, headers, body: { errors: [error] } };
}

function data(fields: object): EndpointAnswer {
  return { status: 200, body: { request_id: '5c9b7a2e', lease_id: '', renewable: false, data: fields } };
}

function derive(name: string, key: Buffer | undefined, context: string | undefined): Buffer | undefined {
  if (name !== NAMES.derived || key === undefined) return key;
  return createHmac('sha256', key)
    .update(Buffer.from(context ?? '', 'base64'))
    .digest();
}
