import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type AzureKeyVaultEndpoint,
  azureFault,
  startAzureKeyVault,
} from '../../../testing/azure-key-vault-endpoint.ts';
import type { EndpointFault } from '../../../testing/local-endpoint.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import type { RemoteRoot } from '../remote-root.ts';
import { azureKeyVaultRoot } from './azure-key-vault-root.ts';

const key = Buffer.alloc(32, 3);
const context = Buffer.from('acme/fields/1');
// The SDK's own waits, shortened: it has them in seconds.
const clientOptions = {
  allowInsecureConnection: true,
  disableChallengeResourceVerification: true,
  retryOptions: { maxRetries: 3, retryDelayInMs: 20, maxRetryDelayInMs: 50 },
};

function openRoot({ credential }: AzureKeyVaultEndpoint, keyId: string, timeoutMs = 5_000): Promise<RemoteRoot> {
  return azureKeyVaultRoot(keyId, { credential, clientOptions, timeoutMs });
}

async function setUp() {
  const vault = await startAzureKeyVault();
  const [root, other] = [await openRoot(vault, vault.keyIds[0]), await openRoot(vault, vault.keyIds[1])];
  const { token, takeAway, bringBack } = vault;
  return { root, other, secrets: [token], takeAway, bringBack, close: takeAway };
}

testRootProvider('Azure Key Vault', setUp, { canBeAway: true });

describe('a bearer token in place of a credential', () => {
  let vault: AzureKeyVaultEndpoint;
  before(async () => {
    vault = await startAzureKeyVault();
  });
  after(() => vault.takeAway());

  test('opens, on this machine without further settings', async () => {
    const byToken = await azureKeyVaultRoot(vault.keyIds[0], { token: () => vault.token });
    const byCredential = await openRoot(vault, vault.keyIds[0]);
    assert.equal(byToken.id, byCredential.id);
    assert.deepEqual(await byCredential.unwrap(await byToken.wrap(key, context), context), key);
  });

  const refused: { name: string; token: () => string | Promise<string> }[] = [
    { name: 'that the vault refuses', token: () => 'canary-of-a-token' },
    { name: 'that cannot be had', token: () => Promise.reject(new Error('canary-of-a-token')) },
  ];
  for (const { name, token } of refused) {
    test(`${name} is ERR_ROOT_DENIED, and not told`, async () => {
      const root = await azureKeyVaultRoot(vault.keyIds[0], { token });
      await assert.rejects(root.wrap(key, context), (error: Error & { code?: unknown }) => {
        assert.equal(error.code, 'ERR_ROOT_DENIED');
        assertTellsNothing([error], ['canary-of-a-token']);
        return true;
      });
    });
  }
});

describe('the Azure Key Vault root', () => {
  let vault: AzureKeyVaultEndpoint;
  let root: RemoteRoot;
  before(async () => {
    vault = await startAzureKeyVault();
    root = await openRoot(vault, vault.keyIds[0]);
  });
  after(() => vault.takeAway());

  test('never shows the vault the key itself, nor its context', async () => {
    await root.wrap(key, context);
    const sent = vault.requests.map(({ body }) => body.toString()).join('\n');
    assert.match(sent, /"alg":"RSA-OAEP-256"/);
    for (const secret of [key, context]) assert.equal(sent.includes(secret.toString('base64url')), false);
  });

  test('asks for a token of the scope that the vault names', () => {
    assert.deepEqual([...new Set(vault.scopes)], ['https://vault.azure.net/.default']);
  });

  test('opens at the first use of fifty at once', async () => {
    const fresh = await openRoot(vault, vault.keyIds[0]);
    const wrapped = await Promise.all(Array.from({ length: 50 }, () => fresh.wrap(key, context)));
    for (const each of wrapped) assert.deepEqual(await root.unwrap(each, context), key);
  });

  const passing: { name: string; faults: EndpointFault[] }[] = [
    { name: 'throttling', faults: [azureFault(429, 'Throttled'), azureFault(429, 'Throttled')] },
    { name: 'an internal error', faults: [azureFault(500, 'InternalServerError')] },
    { name: 'unavailability', faults: [azureFault(503, 'ServiceUnavailable')] },
    { name: 'a cut connection', faults: ['cut'] },
  ];
  for (const { name, faults } of passing) {
    test(`tries again after ${name}`, async () => {
      vault.failNext(...faults);
      assert.deepEqual(await root.unwrap(await root.wrap(key, context), context), key);
    });
  }

  const lasting: { name: string; fault: EndpointFault; code: string }[] = [
    { name: 'a missing permission', fault: azureFault(403, 'Forbidden'), code: 'ERR_ROOT_DENIED' },
    { name: 'a key that is gone', fault: azureFault(404, 'KeyNotFound'), code: 'ERR_ROOT_DENIED' },
    { name: 'bytes of another key', fault: azureFault(400, 'BadParameter'), code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'throttling', fault: azureFault(429, 'Throttled'), code: 'ERR_ROOT_UNAVAILABLE' },
    { name: 'silence', fault: 'silent', code: 'ERR_ROOT_UNAVAILABLE' },
  ];
  for (const { name, fault, code } of lasting) {
    test(`calls a lasting ${name} ${code}`, async () => {
      const impatient = await openRoot(vault, vault.keyIds[0], 1_000);
      const wrapped = await impatient.wrap(key, context);
      vault.failAll(fault);
      try {
        await assert.rejects(impatient.unwrap(wrapped, context), { name: 'KeyringError', code });
      } finally {
        vault.failAll();
      }
    });
  }

  test('calls a key that expired ERR_ROOT_DENIED', async () => {
    const old = await startAzureKeyVault();
    old.expire();
    await assert.rejects((await openRoot(old, old.keyIds[0])).wrap(key, context), { code: 'ERR_ROOT_DENIED' });
    await old.takeAway();
  });

  test('is refused with another token, and does not tell it', async () => {
    const token = 'eyJ0eXAiOiJKV1QifQ.stranger';
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const stranger = await openRoot({ ...vault, credential }, vault.keyIds[0]);
    await assert.rejects(stranger.wrap(key, context), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_ROOT_DENIED');
      assertTellsNothing([error], [token]);
      return true;
    });
  });

  test('calls a credential that gives no token ERR_ROOT_DENIED, and does not tell why', async () => {
    class CredentialUnavailableError extends Error {
      override readonly name = 'CredentialUnavailableError';
    }
    const credential = {
      getToken: async () => {
        throw new CredentialUnavailableError('client secret hunter22hunter22');
      },
    };
    const stranger = await openRoot({ ...vault, credential }, vault.keyIds[0]);
    await assert.rejects(stranger.wrap(key, context), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_ROOT_DENIED');
      assertTellsNothing([error], ['hunter22']);
      return true;
    });
  });

  const ids = [
    '',
    'https://acme.vault.azure.net/keys/root',
    'http://acme.vault.azure.net/keys/root/0123456789abcdef0123456789abcdef',
    'https://acme.vault.azure.net/secrets/root/0123456789abcdef0123456789abcdef',
  ];
  for (const id of ids) {
    test(`does not take ${id || 'nothing'} for a key of one version`, async () => {
      await assert.rejects(openRoot(vault, id), { code: 'ERR_ROOT_CONFIG' });
    });
  }

  test('needs a credential or a client', async () => {
    await assert.rejects(azureKeyVaultRoot(vault.keyIds[0], {}), { code: 'ERR_ROOT_CONFIG' });
  });
});
