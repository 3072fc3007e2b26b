import { constantTimeEqual, encodeBase64 } from '@bulwark/crypto';
import { contextDigest } from '../context-digest.ts';
import { DEFAULT_TIMEOUT_MS, type RemoteRoot, remoteRoot } from '../remote-root.ts';
import { doesNotOpen, misconfigured, unavailable } from '../root-fault.ts';
import { requireSecureUrl } from '../secure-url.ts';
import { openVaultApi } from './vault-api.ts';

export type { RemoteRoot } from '../remote-root.ts';

/** How HashiCorp Vault or OpenBao is reached. */
export interface VaultTransitOptions {
  /** For example https://vault.example:8200; http only to this machine, as to a Vault agent. */
  readonly address: string;
  /** Name of the transit key: AES-GCM (the default there) or ChaCha20-Poly1305. */
  readonly keyName: string;
  /** Asked before each request, so that whoever renews the token hands out the new one. */
  readonly token: () => string | Promise<string>;
  /** Where the transit engine is mounted; `transit`. */
  readonly mount?: string;
  /** Namespace, where there are any. */
  readonly namespace?: string;
  /** Whether the key was created with `derived=true`: each context then has a key of its own. */
  readonly isDerived?: boolean;
  /** What names this root in key records, where it should outlast a change of address. */
  readonly id?: string;
  /** For one wrap or unwrap, up to four attempts; 10 s. */
  readonly timeoutMs?: number;
  /** For a proxy or a certificate authority of your own; Node's. */
  readonly fetch?: typeof fetch;
}

const ROOT = 'Vault transit';
const DIGEST_BYTES = 32;
const NAME = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;
const PATH = /^[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?$/;
const CIPHERTEXT = /^vault:v[1-9][0-9]{0,8}:([A-Za-z0-9+/]+={0,2})$/;

/**
 * A key of the transit engine of HashiCorp Vault or OpenBao. Its versions may be rotated there: a ciphertext names its
 * own.
 *
 * The context goes as associated data. Servers from before that parameter ignore it without a word, so its digest is
 * sealed in front of the key as well, and compared when it is opened.
 *
 * @throws KeyringError ERR_ROOT_CONFIG; from wrap and unwrap ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export function vaultTransitRoot(options: VaultTransitOptions): RemoteRoot {
  const { keyName, mount = 'transit', namespace, isDerived = false, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const address = requireSecureUrl(options.address, 'address');
  if (!NAME.test(keyName)) throw misconfigured('keyName must be letters, digits, dots, dashes and underscores');
  if (!isPath(mount)) throw misconfigured('mount must be a path without a slash at either end');
  if (namespace !== undefined && !isPath(namespace)) throw misconfigured('namespace must be a path, as mount is');

  const api = openVaultApi(ROOT, {
    mountUrl: `${address.href.replace(/\/$/, '')}/v1/${mount}`,
    keyName,
    namespace,
    token: options.token,
    timeoutMs,
    fetch: options.fetch ?? fetch,
  });
  const bound = (digest: Buffer) => ({
    associated_data: encodeBase64(digest),
    ...(isDerived ? { context: encodeBase64(digest) } : {}),
  });

  return remoteRoot({
    id: options.id ?? `vault-transit:${[address.host, namespace, mount, keyName].filter(Boolean).join('/')}`,
    async wrap(key, context) {
      const digest = contextDigest(context);
      const plaintext = encodeBase64(Buffer.concat([digest, key]));
      const answer = await api.post('encrypt', { plaintext, ...bound(digest) });
      if (typeof answer.ciphertext !== 'string' || !isCiphertext(answer.ciphertext)) {
        throw unavailable(ROOT, 'it answered without a ciphertext');
      }
      return Buffer.from(answer.ciphertext, 'latin1');
    },
    async unwrap(wrapped, context) {
      const ciphertext = Buffer.from(wrapped).toString('latin1');
      if (!isCiphertext(ciphertext)) throw doesNotOpen();
      const digest = contextDigest(context);
      const answer = await api.post('decrypt', { ciphertext, ...bound(digest) });
      return withoutDigest(answer.plaintext, digest);
    },
    async close() {}, // connections are those of fetch
  });
}

function withoutDigest(plaintext: unknown, digest: Buffer): Buffer {
  if (typeof plaintext !== 'string') throw unavailable(ROOT, 'it answered without a plaintext');
  const bytes = Buffer.from(plaintext, 'base64');
  if (!constantTimeEqual(bytes.subarray(0, DIGEST_BYTES), digest)) throw doesNotOpen();
  return bytes.subarray(DIGEST_BYTES);
}

// Vault's decoder takes several texts for the same bytes; one of them is enough.
function isCiphertext(text: string): boolean {
  const [, base64] = CIPHERTEXT.exec(text) ?? [];
  return base64 !== undefined && Buffer.from(base64, 'base64').toString('base64') === base64;
}

function isPath(text: string): boolean {
  return PATH.test(text) && !text.split('/').some((part) => part === '' || part === '.' || part === '..');
}
