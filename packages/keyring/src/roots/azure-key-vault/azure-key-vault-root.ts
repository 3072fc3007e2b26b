import type { CryptographyClient, CryptographyClientOptions, KeyClient } from '@azure/keyvault-keys';
import { withDeadline } from '../deadline.ts';
import { openUnderIntermediateKey, sealUnderIntermediateKey } from '../intermediate-key.ts';
import { loadOptional } from '../load-optional.ts';
import { DEFAULT_TIMEOUT_MS, type RemoteRoot, remoteRoot } from '../remote-root.ts';
import { type Attempt, retrying } from '../retry.ts';
import { doesNotOpen, misconfigured } from '../root-fault.ts';
import { requireSecureUrl } from '../secure-url.ts';
import { fromAzureError } from './azure-fault.ts';

export type { RemoteRoot } from '../remote-root.ts';

/** What hands out tokens: `TokenCredential` of @azure/core-auth, for example a `DefaultAzureCredential`. */
export type AzureCredential = ConstructorParameters<typeof KeyClient>[1];

/** How Azure Key Vault is reached: by a credential, a token, or a client of your own. */
export interface AzureKeyVaultOptions {
  /** For the client made here: retryOptions, proxyOptions … */
  readonly clientOptions?: CryptographyClientOptions;
  /** A client of your own for this very key version, in place of `credential`. */
  readonly client?: CryptographyClient;
  readonly credential?: AzureCredential;
  /**
   * A bearer token for https://vault.azure.net in place of `credential`. Asked for again after a minute, so that whoever
   * renews the token hands out the new one.
   */
  readonly token?: () => string | Promise<string>;
  /** For one wrap or unwrap, retries included; 10 s. */
  readonly timeoutMs?: number;
}

const ROOT = 'Azure Key Vault';
// Also RSA-OAEP with SHA-1 exists there; this is the one to use, and the SDK never does it locally.
const ALGORITHM = 'RSA-OAEP-256';
const KEY_PATH = /^\/keys\/[0-9A-Za-z-]{1,127}\/[0-9a-f]{32}$/;

const ATTEMPTS = 4;
const TOKEN_MS = 60_000;

type Send = (abortSignal: AbortSignal) => Promise<{ result: Uint8Array }>;

/**
 * One version of an RSA key in Azure Key Vault or Managed HSM.
 *
 * RSA-OAEP takes no associated data, so the vault wraps a fresh intermediate key, and that seals the key together with
 * its context. A new version of the key is a new root: re-wrap to it. Throttling and server errors are tried
 * again, up to four times.
 *
 * @param keyId https://VAULT.vault.azure.net/keys/NAME/VERSION; permissions get, wrapKey and unwrapKey. Also http to this
 *   machine, where an emulator may listen.
 * @throws KeyringError ERR_ROOT_CONFIG, ERR_ROOT_MODULE; from wrap and unwrap ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED
 */
export async function azureKeyVaultRoot(keyId: string, options: AzureKeyVaultOptions): Promise<RemoteRoot> {
  const { host, pathname } = requireSecureUrl(keyId, 'keyId');
  if (!KEY_PATH.test(pathname)) {
    throw misconfigured('keyId must be https://VAULT.vault.azure.net/keys/NAME/VERSION, with its version');
  }
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const client = options.client ?? (await createClient(keyId, options));

  async function call(send: Send, refused: (error: unknown) => Error): Promise<Uint8Array> {
    try {
      return await withDeadline(timeoutMs, (signal) => retrying(ATTEMPTS, signal, () => attempt(send, signal)));
    } catch (error) {
      throw refused(error);
    }
  }

  return remoteRoot({
    id: `azure-key-vault:${host}${pathname}`,
    wrap: (key, context) =>
      sealUnderIntermediateKey(key, context, (intermediate) =>
        call(
          (abortSignal) => client.wrapKey(ALGORITHM, intermediate, { abortSignal }),
          (error) => fromAzureError(ROOT, error),
        ),
      ),
    unwrap: (sealed, context) =>
      openUnderIntermediateKey(sealed, context, (wrapped) =>
        call(
          (abortSignal) => client.unwrapKey(ALGORITHM, wrapped, { abortSignal }),
          // The vault says 400 of bytes that its key did not wrap.
          (error) =>
            (error as { statusCode?: unknown }).statusCode === 400 ? doesNotOpen() : fromAzureError(ROOT, error),
        ),
      ),
    async close() {}, // the SDK's connections are Node's own, and time out
  });
}

/** The SDK retries the rest, but throttling only where the answer says when to come back, which Key Vault's need not. */
async function attempt(send: Send, signal: AbortSignal): Promise<Attempt<Uint8Array>> {
  try {
    return { done: (await send(signal)).result };
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 429) return { failed: error as Error };
    throw error;
  }
}

async function createClient(keyId: string, options: AzureKeyVaultOptions): Promise<CryptographyClient> {
  const { token, clientOptions } = options;
  const credential = options.credential ?? (token && bearerToken(token));
  if (credential === undefined) throw misconfigured('Azure Key Vault needs a credential, a token, or a client');
  const sdk = await loadOptional('@azure/keyvault-keys', () => import('@azure/keyvault-keys'));
  // An emulator on this machine names another resource than its own host. A token that is fixed goes to the host that
  // was configured, whatever resource that names; a credential could be asked by it for another token.
  const isLocal = keyId.startsWith('http:');
  const local = isLocal && {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: options.credential === undefined,
  };
  return new sdk.CryptographyClient(keyId, credential, { ...local, ...clientOptions });
}

function bearerToken(token: () => string | Promise<string>): AzureCredential {
  return {
    // When it really expires only its text says, which is Azure's own affair.
    getToken: async () => ({ token: await token(), expiresOnTimestamp: Date.now() + TOKEN_MS }),
  };
}
