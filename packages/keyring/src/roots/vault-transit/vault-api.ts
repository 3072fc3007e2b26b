import { withDeadline } from '../deadline.ts';
import { type Attempt, retrying } from '../retry.ts';
import { denied, unavailable } from '../root-fault.ts';
import { fromVaultRefusal, type VaultOperation } from './vault-fault.ts';

interface VaultConnection {
  /** Of the transit mount, without a slash at its end. */
  readonly mountUrl: string;
  readonly keyName: string;
  readonly namespace: string | undefined;
  readonly token: () => string | Promise<string>;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/** What `post` answers with: the `data` of Vault's response. */
export type VaultData = Readonly<Record<string, unknown>>;

const ATTEMPTS = 4;
// 412: a read replica has not seen what our token needs yet.
const PASSES = new Set([408, 412, 429]);

/** Calls Vault's HTTP API (https://developer.hashicorp.com/vault/api-docs), again where a failure passes by itself. */
export function openVaultApi(root: string, connection: VaultConnection) {
  const { mountUrl, keyName, namespace, token, timeoutMs, fetch } = connection;

  async function attempt(operation: VaultOperation, body: string, signal: AbortSignal): Promise<Attempt<VaultData>> {
    const url = `${mountUrl}/${operation}/${keyName}`;
    const headers = { ...(await authorised(root, token)), ...(namespace && { 'x-vault-namespace': namespace }) };
    let response: Response;
    try {
      // A redirect would carry the token to whatever host it names.
      response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return { failed: unavailable(root, `no connection (${connectionFault(error)})`) };
    }
    const answer = await readJson(response);
    if (response.ok && isObject(answer.data)) return { done: answer.data };
    const { status } = response;
    if (status >= 400 && status < 500 && !PASSES.has(status))
      throw fromVaultRefusal(root, operation, status, answer.errors);
    const retryAfterMs = Number(response.headers.get('retry-after')) * 1000;
    return {
      failed: unavailable(root, `status ${status}`),
      retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : 0,
    };
  }

  return {
    /** @throws KeyringError ERR_ROOT_UNAVAILABLE, ERR_ROOT_DENIED, ERR_ROOT_KEY_WRONG */
    async post(operation: VaultOperation, body: object): Promise<VaultData> {
      const text = JSON.stringify(body);
      try {
        return await withDeadline(timeoutMs, (signal) =>
          retrying(ATTEMPTS, signal, () => attempt(operation, text, signal)),
        );
      } catch (error) {
        const { name } = error as Error;
        throw name === 'TimeoutError' || name === 'AbortError' ? unavailable(root, 'no answer in time') : error;
      }
    },
  };
}

async function authorised(root: string, token: () => string | Promise<string>) {
  let value: string;
  try {
    value = await token();
  } catch (error) {
    throw denied(root, `no token (${(error as Error).name})`);
  }
  if (!/^[\x21-\x7e]+$/.test(value)) throw denied(root, 'the token is empty or malformed');
  return { 'content-type': 'application/json', 'x-vault-request': 'true', 'x-vault-token': value };
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  try {
    const value: unknown = await response.json();
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function connectionFault(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name: string };
  return typeof cause?.code === 'string' ? cause.code : name;
}
