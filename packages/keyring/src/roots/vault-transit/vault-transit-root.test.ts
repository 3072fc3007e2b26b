import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EndpointFault } from '../../../testing/local-endpoint.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import { refusal, startVault, type VaultEndpoint } from '../../../testing/vault-transit-endpoint.ts';
import { type VaultTransitOptions, vaultTransitRoot } from './vault-transit-root.ts';

const key = Buffer.alloc(32, 3);
const context = Buffer.from('acme/fields/1');

function openRoot(vault: VaultEndpoint, keyName: string, options: Partial<VaultTransitOptions> = {}) {
  const { url: address, namespace, token } = vault;
  return vaultTransitRoot({ address, namespace, keyName, token: () => token, timeoutMs: 5_000, ...options });
}

for (const isDerived of [false, true]) {
  const setUp = async () => {
    const vault = await startVault();
    const root = openRoot(vault, isDerived ? vault.keys.derived : vault.keys.plain, { isDerived });
    const other = openRoot(vault, vault.keys.other);
    const { token, takeAway, bringBack } = vault;
    return { root, other, secrets: [token], takeAway, bringBack, close: takeAway };
  };
  testRootProvider(isDerived ? 'a derived Vault transit key' : 'Vault transit', setUp, { canBeAway: true });
}

describe('the Vault transit root', () => {
  let vault: VaultEndpoint;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.takeAway());

  test('opens what an earlier version of the key wrapped', async () => {
    const root = openRoot(vault, vault.keys.plain);
    const wrapped = await root.wrap(key, context);
    vault.rotate();
    assert.match(Buffer.from(await root.wrap(key, context)).toString(), /^vault:v2:/);
    assert.deepEqual(await root.unwrap(wrapped, context), key);
  });

  test('asks for the token before each request, so that a renewed one is used', async () => {
    const tokens = ['expired', vault.token];
    const root = openRoot(vault, vault.keys.plain, { token: async () => tokens.shift() ?? '' });
    await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_DENIED', message: /permission denied/ });
    assert.ok(await root.wrap(key, context));
    await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_DENIED', message: /token is empty/ });
  });

  test('does not tell why a token could not be had', async () => {
    const token = () => Promise.reject(new Error('cannot unwrap hvs.secret'));
    await assert.rejects(openRoot(vault, vault.keys.plain, { token }).wrap(key, context), (error: Error) => {
      assertTellsNothing([error], ['hvs.secret']);
      return true;
    });
  });

  test('binds the context even where the server ignores associated data', async () => {
    const old = await startVault();
    old.ignoreAssociatedData();
    const root = openRoot(old, old.keys.plain);
    const wrapped = await root.wrap(key, context);
    assert.deepEqual(await root.unwrap(wrapped, context), key);
    await assert.rejects(root.unwrap(wrapped, Buffer.from('another')), { code: 'ERR_ROOT_KEY_WRONG' });
    await old.takeAway();
  });

  const passing: { name: string; faults: EndpointFault[] }[] = [
    {
      name: 'a quota',
      faults: [refusal(429, 'request path "transit": rate limit quota exceeded', { 'retry-after': '0' })],
    },
    { name: 'a sealed node', faults: [refusal(503, 'Vault is sealed'), refusal(503, 'Vault is sealed')] },
    { name: 'a replica that lags', faults: [refusal(412, 'required index state not present')] },
    { name: 'an answer that is no JSON of Vault', faults: [{ status: 200, body: 'hello' }] },
    { name: 'a cut connection', faults: ['cut'] },
  ];
  for (const { name, faults } of passing) {
    test(`tries again after ${name}`, async () => {
      vault.failNext(...faults);
      assert.ok(await openRoot(vault, vault.keys.plain).wrap(key, context));
    });
  }

  test('waits as long as a throttling server asks', async () => {
    vault.failNext(refusal(429, 'quota', { 'retry-after': '1' }));
    const start = performance.now();
    await openRoot(vault, vault.keys.plain).wrap(key, context);
    assert.ok(performance.now() - start >= 950);
  });

  const lasting: { name: string; fault: EndpointFault; code: string }[] = [
    { name: 'a sealed Vault', fault: refusal(503, 'Vault is sealed'), code: 'ERR_ROOT_UNAVAILABLE' },
    { name: 'silence', fault: 'silent', code: 'ERR_ROOT_UNAVAILABLE' },
    {
      name: 'a policy that forbids',
      fault: refusal(403, '1 error occurred: permission denied'),
      code: 'ERR_ROOT_DENIED',
    },
    { name: 'a mount that is not there', fault: refusal(404, 'no handler for route'), code: 'ERR_ROOT_DENIED' },
  ];
  for (const { name, fault, code } of lasting) {
    test(`calls ${name} ${code}`, async () => {
      vault.failAll(fault);
      try {
        await assert.rejects(openRoot(vault, vault.keys.plain, { timeoutMs: 1_500 }).wrap(key, context), { code });
      } finally {
        vault.failAll();
      }
    });
  }

  test('does not follow a redirect, which would carry the token away', async () => {
    vault.failAll({ status: 307, headers: { location: `${vault.url}/elsewhere` } });
    const before = vault.requests.length;
    await assert.rejects(openRoot(vault, vault.keys.plain).wrap(key, context), { code: 'ERR_ROOT_UNAVAILABLE' });
    vault.failAll();
    assert.equal(
      vault.requests.slice(before).some(({ url }) => url === '/elsewhere'),
      false,
    );
  });

  const misnamed: { name: string; keyName: string; told: RegExp }[] = [
    { name: 'a key that is not there', keyName: 'nothing', told: /no such key/ },
    { name: 'a key without associated data', keyName: 'bulwark-rsa', told: /not of an AEAD cipher/ },
    { name: 'a derived key without isDerived', keyName: 'bulwark-derived', told: /set isDerived/ },
  ];
  for (const { name, keyName, told } of misnamed) {
    test(`calls ${name} ERR_ROOT_DENIED, and says so`, async () => {
      const wrapped = Buffer.from('vault:v1:AAAA');
      const denied = { code: 'ERR_ROOT_DENIED', message: told };
      await assert.rejects(openRoot(vault, keyName).wrap(key, context), denied);
      await assert.rejects(openRoot(vault, keyName).unwrap(wrapped, context), denied);
    });
  }

  test('says that a key version is below the floor, rather than that the record is wrong', async () => {
    const root = openRoot(vault, vault.keys.other);
    const wrapped = await root.wrap(key, context);
    vault.setMinDecryptionVersion(2);
    await assert.rejects(root.unwrap(wrapped, context), { code: 'ERR_ROOT_DENIED', message: /min_decryption_version/ });
    vault.setMinDecryptionVersion(1);
  });

  const settings: { name: string; change: Partial<VaultTransitOptions> }[] = [
    { name: 'http to another machine', change: { address: 'http://vault.example:8200' } },
    { name: 'no address at all', change: { address: 'vault.example' } },
    { name: 'credentials in the address', change: { address: 'https://a:b@vault.example' } },
    { name: 'a key name with a slash', change: { keyName: '../../sys/seal' } },
    { name: 'a mount that climbs', change: { mount: 'transit/../sys' } },
    { name: 'a namespace with a line break', change: { namespace: 'ops\nx' } },
  ];
  for (const { name, change } of settings) {
    test(`does not take ${name}`, () => {
      assert.throws(() => openRoot(vault, vault.keys.plain, change), { code: 'ERR_ROOT_CONFIG' });
    });
  }

  test('keeps an identifier that it was given, whatever its address', () => {
    assert.equal(openRoot(vault, vault.keys.plain, { id: 'vault-transit:ops' }).id, 'vault-transit:ops');
  });
});
