import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey, generateSigningKeyPair } from '@bulwark/crypto';
import { keysFixture, START } from '../testing/keys-fixture.ts';
import type { KeyDocument } from './key-document.ts';
import type { Keys } from './keys.ts';
import { verifyReceipt } from './receipt.ts';
import { localRoot } from './root.ts';
import { memoryStore } from './stores/memory.ts';
import type { StoredKey, VersionedKeyStore } from './versioned-store.ts';

const DAY_MS = 86_400_000;
const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };
const destroying = { confirm: id.name, reason: 'test' };

const stateOf = async (keys: Keys, version: number) => (await keys.describe(id)).versions[version - 1]?.state;

describe('a key', () => {
  test('has the metadata that it was made with', async () => {
    const { keys } = keysFixture();
    const info = await keys.create(id, { policy: { rotateAfterUses: 10_000, expireAfterMs: 365 * DAY_MS } });
    assert.deepEqual(info.policy, { rotateAfterMs: 90 * DAY_MS, rotateAfterUses: 10_000, expireAfterMs: 365 * DAY_MS });
    const [version] = info.versions;
    assert.match(version!.kid, /^[\w-]{24}$/);
    assert.deepEqual(
      { ...version, kid: '', wrappedBy: [] },
      {
        version: 1,
        kid: '',
        algorithm: 'XAES-256-GCM',
        state: 'active',
        createdAt: START,
        activatesAt: null,
        expiresAt: START + 365 * DAY_MS,
        uses: 0,
        lastUsedAt: null,
        wrappedBy: [],
      },
    );
  });

  test('opens in another process what it sealed', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'ada@example.test');
    assert.equal((await again().openField(id, cell, sealed)).toString(), 'ada@example.test');
  });

  test('opens after rotation what older versions sealed, and seals with the new one', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    const first = await keys.sealField(id, cell, 'one');
    assert.equal(await keys.rotate(id), 2);
    const second = await keys.sealField(id, cell, 'two');
    assert.notDeepEqual(first.subarray(3, 21), second.subarray(3, 21));
    const opened = await keys.openFields(id, [
      { cell, sealed: first },
      { cell, sealed: second },
    ]);
    assert.deepEqual(opened.map(String), ['one', 'two']);
    assert.deepEqual([await stateOf(keys, 1), await stateOf(keys, 2)], ['deactivated', 'active']);
  });

  test('that another process rotated is known once a value names its new version', async () => {
    const { keys, again, clock } = keysFixture();
    await keys.create(id);
    await keys.sealField(id, cell, 'one');
    const other = again();
    await other.rotate(id);
    const sealed = await other.sealField(id, cell, 'two');
    clock.now += 1_000;
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'two');
  });

  test('has a name that is not given twice, even after its end', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    await assert.rejects(keys.create(id), { code: 'ERR_KEY_EXISTS' });
    await keys.destroy(id, 'all', { ...destroying, force: true });
    await assert.rejects(keys.create(id), { code: 'ERR_KEY_EXISTS' });
  });

  test('is active from its date on', async () => {
    const { keys, clock } = keysFixture();
    await keys.create(id, { activatesAt: START + 1_000 });
    await assert.rejects(keys.sealField(id, cell, 'x'), { code: 'ERR_KEY_STATE' });
    clock.now += 1_000;
    await keys.sealField(id, cell, 'x');
  });

  test('only opens once it has expired, also when the clock is set back', async () => {
    const { keys, again, clock, events } = keysFixture();
    await keys.create(id, { policy: { expireAfterMs: 1_000 } });
    const sealed = await keys.sealField(id, cell, 'x');
    clock.now += 1_000;
    await assert.rejects(keys.sealField(id, cell, 'x'), { code: 'ERR_KEY_STATE' });
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'x');
    await keys.setPolicy(id, { rotateAfterMs: DAY_MS });
    clock.now = START - DAY_MS;
    await assert.rejects(again().sealField(id, cell, 'x'), { code: 'ERR_KEY_STATE' });
    await keys.setPolicy(id, { rotateAfterMs: 2 * DAY_MS });
    assert.ok(events.some(({ type }) => type === 'clock-behind'));
  });
});

describe('a version', () => {
  test('that is compromised opens on demand alone, and was rotated away from', async () => {
    const { keys, events } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'x');
    await keys.compromise(id, 1);
    await assert.rejects(keys.openField(id, cell, sealed), { code: 'ERR_KEY_COMPROMISED' });
    assert.equal((await keys.openField(id, cell, sealed, { allowCompromised: true })).toString(), 'x');
    assert.ok(events.some(({ type }) => type === 'opened-compromised'));
    await assert.rejects(keys.openField(id, cell, sealed), { code: 'ERR_KEY_COMPROMISED' });
    assert.deepEqual([await stateOf(keys, 1), await stateOf(keys, 2)], ['compromised', 'active']);
  });

  const backwards = [
    { name: 'deactivated becomes active', first: 'deactivate', second: 'activate' },
    { name: 'compromised becomes active', first: 'compromise', second: 'activate' },
    { name: 'compromised becomes deactivated', first: 'compromise', second: 'deactivate' },
  ] as const;
  for (const { name, first, second } of backwards) {
    test(`never that was ${name}`, async () => {
      const { keys } = keysFixture();
      await keys.create(id);
      await keys[first](id, 1);
      await assert.rejects(keys[second](id, 1), { code: 'ERR_KEY_STATE' });
    });
  }

  test('below the lowest that opens is refused, and trimmed', async () => {
    const { keys, clock } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'x');
    await keys.rotate(id);
    await keys.setLowestVersions(id, { decrypt: 2 });
    await assert.rejects(keys.openField(id, cell, sealed), { code: 'ERR_KEY_STATE' });
    clock.now += 2 * DAY_MS;
    const receipts = await keys.trim(id, destroying);
    assert.deepEqual(
      receipts.map(({ version }) => version),
      [1],
    );
    await assert.rejects(keys.openField(id, cell, sealed), { code: 'ERR_KEY_DESTROYED' });
    assert.deepEqual(await keys.trim(id, destroying), []);
  });

  test('below the lowest that seals is refused', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    await keys.rotate(id, { activatesAt: START + DAY_MS });
    await keys.sealField(id, cell, 'x');
    await keys.setLowestVersions(id, { encrypt: 2 });
    await assert.rejects(keys.sealField(id, cell, 'x'), { code: 'ERR_KEY_STATE' });
  });
});

describe('a deleted key', () => {
  test('does nothing, and is whole again when restored', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'x');
    await keys.remove(id);
    await assert.rejects(keys.openField(id, cell, sealed), { code: 'ERR_KEY_DELETED' });
    await assert.rejects(keys.sealField(id, cell, 'x'), { code: 'ERR_KEY_DELETED' });
    await assert.rejects(keys.rotate(id), { code: 'ERR_KEY_DELETED' });
    assert.deepEqual(await keys.purgeDeleted(), []);
    await keys.restore(id);
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'x');
  });

  test('is destroyed when its time is over', async () => {
    const { keys, clock, store } = keysFixture();
    await keys.create(id);
    await keys.remove(id);
    clock.now += 30 * DAY_MS;
    await assert.rejects(keys.restore(id), { code: 'ERR_KEY_STATE' });
    assert.deepEqual(
      (await keys.purgeDeleted()).map(({ version }) => version),
      [1],
    );
    assert.equal((await store.read(id))?.material.size, 0);
    assert.deepEqual(await keys.purgeDeleted(), []);
  });
});

describe('destroying a key is refused', () => {
  const cases: { name: string; version: number | 'all'; options?: object; lastSealedDays?: number }[] = [
    { name: 'when it is not named twice', version: 1, options: { confirm: 'customer', force: true } },
    { name: 'of its newest version', version: 2 },
    { name: 'as a whole while it is active', version: 'all' },
    { name: 'of a version used within a day', version: 1, lastSealedDays: 0 },
    { name: 'of a version that values are sealed under', version: 1, options: { countSealed: async () => 3 } },
  ];
  for (const { name, version, options, lastSealedDays = 2 } of cases) {
    test(name, async () => {
      const { keys, clock, store } = keysFixture();
      await keys.create(id);
      await keys.sealField(id, cell, 'x');
      await keys.rotate(id);
      clock.now += lastSealedDays * DAY_MS;
      await assert.rejects(keys.destroy(id, version, { ...destroying, ...options }), { code: 'ERR_DESTROY_REFUSED' });
      assert.equal((await store.read(id))?.material.size, 2);
    });
  }
});

describe('destroying a key', () => {
  test('leaves a signed receipt and no material', async () => {
    const receipts = generateSigningKeyPair();
    const { keys, clock, store, root } = keysFixture({ receiptKey: receipts.privateKey });
    const { versions } = await keys.create(id);
    await keys.rotate(id);
    clock.now += 2 * DAY_MS;
    const [receipt] = await keys.destroy(id, 1, destroying);
    assert.deepEqual(
      { ...receipt, signature: null },
      {
        ...id,
        version: 1,
        kid: versions[0]!.kid,
        destroyedAt: clock.now,
        reason: 'test',
        wasForced: false,
        wrappedBy: [root.id],
        signature: null,
      },
    );
    assert.equal(verifyReceipt(receipt!, receipts.publicKey), true);
    assert.equal(verifyReceipt({ ...receipt!, version: 2 }, receipts.publicKey), false);
    assert.deepEqual([...(await store.read(id))!.material.keys()], [2]);
    assert.equal(await stateOf(keys, 1), 'destroyed');
  });

  test('of its newest version by force leaves the older ones able to open', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'x');
    await keys.rotate(id);
    await keys.destroy(id, 2, { ...destroying, force: true });
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'x');
    await assert.rejects(keys.sealField(id, cell, 'x'), { code: 'ERR_KEY_STATE' });
    assert.equal(await keys.rotate(id), 3);
    await keys.sealField(id, cell, 'x');
  });
});

/** A store whose answers for one key are altered on the way out. */
function alteredStore(store: VersionedKeyStore, alter: (stored: StoredKey) => StoredKey): VersionedKeyStore {
  return {
    ...store,
    read: async (key) => {
      const stored = await store.read(key);
      return stored && alter(stored);
    },
  };
}

const withDocument = (change: Partial<KeyDocument>) => (stored: StoredKey) => ({
  ...stored,
  document: { ...stored.document, ...change },
});
const withVersion = (change: object) => (stored: StoredKey) => ({
  ...stored,
  document: { ...stored.document, versions: stored.document.versions.map((v) => ({ ...v, ...change })) },
});

describe('a change made in the store is found', () => {
  const changes: { name: string; alter: (stored: StoredKey) => StoredKey; code?: string }[] = [
    { name: 'a state', alter: withVersion({ state: 'deactivated' }) },
    { name: 'an expiry', alter: withVersion({ expiresAt: null }) },
    { name: 'a suite', alter: withVersion({ suite: 'A256GCM' }), code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'a kid', alter: withVersion({ kid: 'A'.repeat(24) }), code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'a lowest version', alter: withDocument({ minDecryptVersion: 0 }) },
    {
      name: 'a policy',
      alter: withDocument({ policy: { rotateAfterMs: null, rotateAfterUses: null, expireAfterMs: null } }),
    },
    { name: 'a deletion undone', alter: withDocument({ deletedAt: null, createdAt: 1 }) },
    { name: 'another scope', alter: withDocument({ scope: 't2' }) },
    { name: 'another name', alter: withDocument({ name: 'orders' }) },
    { name: 'another kind', alter: withDocument({ kind: 'secret' }), code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'missing material', alter: (stored) => ({ ...stored, material: new Map() }) },
    { name: 'missing uses', alter: (stored) => ({ ...stored, uses: new Map() }) },
    {
      name: 'lower uses',
      alter: (stored) => ({ ...stored, uses: new Map([[1, { ...stored.uses.get(1)!, returned: 1 }]]) }),
    },
    { name: 'no version at all', alter: withDocument({ versions: [] }), code: 'ERR_KEY_DESTROYED' },
    { name: 'a policy that is none', alter: (stored) => withDocument({ policy: null as never })(stored) },
  ];
  for (const { name, alter, code = 'ERR_KEY_ALTERED' } of changes) {
    test(name, async () => {
      const { keys, store, again } = keysFixture();
      await keys.create(id, { policy: { expireAfterMs: DAY_MS } });
      await assert.rejects(again({ store: alteredStore(store, alter) }).sealField(id, cell, 'x'), { code });
    });
  }

  test("another tenant's, name's or version's material in its place", async () => {
    const { keys, store, again } = keysFixture();
    const others = [
      { ...id, scope: 't2' },
      { ...id, name: 'orders' },
    ];
    for (const key of [id, ...others]) await keys.create(key);
    await keys.rotate(id);
    const own = (await store.read(id))!.material;
    const swaps = [
      new Map([
        [1, own.get(2)!],
        [2, own.get(1)!],
      ]),
    ];
    for (const other of others) swaps.push(new Map([...own, [2, (await store.read(other))!.material.get(1)!]]));
    for (const material of swaps) {
      const forged = alteredStore(store, (stored) => ({ ...stored, material }));
      await assert.rejects(again({ store: forged }).sealField(id, cell, 'x'), { code: 'ERR_ROOT_KEY_WRONG' });
    }
  });

  test("another tenant's whole record under this name", async () => {
    const { keys, store, again } = keysFixture();
    await keys.create({ ...id, scope: 't2' });
    const forged = { ...store, read: () => store.read({ ...id, scope: 't2' }) };
    await assert.rejects(again({ store: forged }).sealField(id, cell, 'x'), { code: 'ERR_KEY_ALTERED' });
  });

  test('an older copy put back, by who has seen the newer one', async () => {
    const { keys, store, again, clock } = keysFixture();
    await keys.create(id);
    const old = (await store.read(id))!;
    await keys.rotate(id);
    await keys.sealField(id, cell, 'x');
    const rolledBack = memoryStore();
    await rolledBack.commit(old);
    let current = store;
    const moving: VersionedKeyStore = { ...store, read: (key) => current.read(key) };
    const witness = again({ store: moving });
    await witness.sealField(id, cell, 'x');
    current = rolledBack;
    clock.now += 300_000 + 10_000;
    await assert.rejects(witness.sealField(id, cell, 'x'), { code: 'ERR_KEY_ALTERED' });
    // Who starts after that cannot know: the older copy was genuine once.
    await again({ store: rolledBack }).sealField(id, cell, 'x');
  });
});

describe('another root', () => {
  test('opens nothing', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id);
    await assert.rejects(again({ roots: [localRoot(generateKey())] }).sealField(id, cell, 'x'), {
      code: 'ERR_ROOT_KEY_WRONG',
    });
  });
});

describe('rotation', () => {
  test('of a key by several processes at once makes one version', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id);
    const others = [1, 2, 3, 4].map(() => again());
    assert.deepEqual(await Promise.all(others.map((other) => other.rotate(id))), [2, 2, 2, 2]);
    assert.equal((await keys.describe(id)).versions.length, 2);
  });

  const due = [
    { name: 'by age', policy: { rotateAfterMs: DAY_MS }, afterMs: DAY_MS, uses: 0, reason: 'age' },
    { name: 'by use', policy: { rotateAfterUses: 10 }, afterMs: 0, uses: 10, reason: 'uses' },
    { name: 'by expiry', policy: { expireAfterMs: DAY_MS }, afterMs: DAY_MS, uses: 0, reason: 'none-active' },
    {
      name: 'a little before expiry',
      policy: { expireAfterMs: 10 * DAY_MS },
      afterMs: 9 * DAY_MS,
      uses: 0,
      reason: 'expiry',
    },
  ];
  for (const { name, policy, afterMs, uses, reason } of due) {
    test(`is due ${name}, and then no more`, async () => {
      const { keys, clock, again } = keysFixture();
      await keys.create(id, { policy });
      assert.deepEqual(await keys.rotateExpired(), { rotated: [], failed: [] });
      for (let i = 0; i < uses; i++) await keys.sealField(id, cell, 'x');
      clock.now += afterMs;
      assert.equal((await keys.describe(id)).rotationDue, reason);
      const rounds = await Promise.all([again().rotateExpired(), again().rotateExpired()]);
      for (const { rotated } of rounds) for (const { version } of rotated) assert.equal(version, 2);
      assert.equal((await keys.describe(id)).versions.length, 2);
      assert.deepEqual((await keys.rotateExpired()).rotated, []);
    });
  }

  test('of one key goes on when another fails', async () => {
    const { keys, store, clock, again } = keysFixture();
    for (const name of ['a', 'b', 'c']) await keys.create({ scope: 't1', name });
    await keys.remove({ scope: 't1', name: 'c' });
    clock.now += 91 * DAY_MS;
    const faulty: VersionedKeyStore = {
      ...store,
      read: async (key) => (key.name === 'a' ? Promise.reject(new Error('disk')) : store.read(key)),
    };
    const { rotated, failed } = await again({ store: faulty }).rotateExpired('t1');
    assert.deepEqual(rotated, [{ scope: 't1', name: 'b', version: 2, reason: 'age' }]);
    assert.deepEqual(
      failed.map(({ name, error }) => [name, (error as { code: string }).code]),
      [['a', 'ERR_KEY_UNAVAILABLE']],
    );
  });
});
