import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { generateKey, open, seal } from '@bulwark/crypto';

/** A Vault on this machine with the transit key `root`: encrypt and decrypt of its HTTP API, behind a token. */
export interface VaultTransit extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

/** https://developer.hashicorp.com/vault/api-docs/secret/transit#encrypt-data and #decrypt-data */
export async function startVaultTransit(): Promise<VaultTransit> {
  const token = 'hvs.canary-of-a-token';
  const key = generateKey();
  const answers: Readonly<Record<string, (body: Record<string, string>) => object>> = {
    '/v1/transit/encrypt/root': ({ plaintext = '', associated_data: aad = '' }) => ({
      ciphertext: `vault:v1:${seal(key, Buffer.from(plaintext, 'base64'), Buffer.from(aad, 'base64')).toString('base64')}`,
    }),
    '/v1/transit/decrypt/root': ({ ciphertext = '', associated_data: aad = '' }) => ({
      plaintext: open(key, Buffer.from(ciphertext.slice(9), 'base64'), Buffer.from(aad, 'base64')).toString('base64'),
    }),
  };
  const server = createServer(async (request, response) => {
    const answer = answers[request.url ?? ''];
    const status = request.headers['x-vault-token'] !== token ? 403 : answer === undefined ? 404 : 200;
    const body = (await json(request)) as Record<string, string>;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? { data: answer?.(body) } : { errors: ['refused'] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
