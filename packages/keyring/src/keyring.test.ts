import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { openKeyring } from './keyring.ts';
import { memoryKeyStore } from './memory-store.ts';
import type { KeyRecord, KeyStore } from './record.ts';
import { localRoot } from './root.ts';

const now = () => 1_795_000_000_000;
const cell = { table: 'machine', column: 'name', row: 'm1' };
const context = Buffer.from('machine-key:m1:1');

function setUp(store: KeyStore = memoryKeyStore(), root = localRoot(generateKey())) {
  return { store, root, keyring: openKeyring({ root, store, now }) };
}

describe('a keyring', () => {
  test('opens after a restart what it sealed before', async () => {
    const { store, root, keyring } = setUp();
    const sealed = (await keyring.fields('t1')).seal(cell, 'web-1');
    const sealedKey = (await keyring.vault('t1')).seal(Buffer.from('key'), context);
    const again = setUp(store, root).keyring;
    assert.equal((await again.fields('t1')).openText(cell, sealed), 'web-1');
    assert.equal((await again.vault('t1')).open(sealedKey, context).toString(), 'key');
  });

  test('indexes a value the same way after a restart, and another way for another tenant', async () => {
    const { store, root, keyring } = setUp();
    const column = { table: 'user', column: 'username', normaliser: 'caseless' } as const;
    const first = (await keyring.index('t1')).index(column, 'Ada');
    assert.deepEqual((await setUp(store, root).keyring.index('t1')).index(column, 'ada'), first);
    assert.notDeepEqual((await keyring.index('t2')).index(column, 'Ada'), first);
  });

  test('made twice at once ends with one key', async () => {
    const { store, root } = setUp();
    const ciphers = await Promise.all([1, 2, 3].map(() => setUp(store, root).keyring.fields('t1')));
    const sealed = ciphers[0]!.seal(cell, 'web-1');
    for (const cipher of ciphers) assert.equal(cipher.openText(cell, sealed), 'web-1');
    assert.equal((await store.list('t1', 'fields')).length, 1);
  });

  test("does not open another tenant's cell", async () => {
    const { keyring } = setUp();
    const sealed = (await keyring.fields('t1')).seal(cell, 'web-1');
    const other = await keyring.fields('t2');
    assert.throws(() => other.open(cell, sealed), { name: 'CryptoError' });
  });

  test('leaves no key material in its store', async () => {
    const { store, keyring } = setUp();
    await keyring.fields('t1');
    const [record] = await store.list('t1', 'fields');
    assert.equal(record?.wrapped.length, 12 + 32 + 16);
    assert.equal(record?.publicKey, null);
  });
});

describe('a keyring refuses', () => {
  const purposes = ['fields', 'index', 'vault'] as const;
  for (const purpose of purposes) {
    test(`another root key: ${purpose}`, async () => {
      const { store, keyring } = setUp();
      await keyring[purpose]('t1');
      await assert.rejects(() => setUp(store).keyring[purpose]('t1'), { code: 'ERR_ROOT_KEY_WRONG' });
    });
  }

  const changes: { name: string; change: (record: KeyRecord) => KeyRecord }[] = [
    { name: "another tenant's record", change: (r) => ({ ...r, tenantId: 't2' }) },
    { name: 'a record of another version', change: (r) => ({ ...r, version: 2 }) },
    { name: 'a vault whose public half was replaced', change: (r) => ({ ...r, publicKey: Buffer.alloc(32, 9) }) },
    {
      name: 'altered key material',
      change: (r) => ({ ...r, wrapped: r.wrapped.map((b, i) => (i === 20 ? b ^ 1 : b)) }),
    },
  ];
  for (const { name, change } of changes) {
    test(name, async () => {
      const { store, root, keyring } = setUp();
      await keyring.vault('t1');
      const [record] = await store.list('t1', 'vault');
      const forged = memoryKeyStore();
      const changed = change(record!);
      await forged.add(changed);
      await assert.rejects(() => setUp(forged, root).keyring.vault(changed.tenantId), { code: 'ERR_ROOT_KEY_WRONG' });
    });
  }

  test('a root key that is not 32 bytes', () => {
    assert.throws(() => localRoot(Buffer.alloc(16)), { code: 'ERR_ROOT_KEY_FORMAT' });
  });
});
