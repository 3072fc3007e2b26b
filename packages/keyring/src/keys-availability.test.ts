import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { generateKey } from '@bulwark/crypto';
import { keysFixture } from '../testing/keys-fixture.ts';
import { KeyringError } from './errors.ts';
import { localRoot, type RootProvider } from './root.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

const MINUTE_MS = 60_000;
const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };

/** A root that can be away, and counts what it is asked. */
function movableRoot(): { root: RootProvider; switch: { isAway: boolean; unwraps: number } } {
  const inner = localRoot(generateKey());
  const state = { isAway: false, unwraps: 0 };
  const away = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  return {
    switch: state,
    root: {
      id: inner.id,
      wrap: (key, context) => (state.isAway ? away() : inner.wrap(key, context)),
      unwrap: (wrapped, context) => {
        state.unwraps++;
        return state.isAway ? away() : inner.unwrap(wrapped, context);
      },
    },
  };
}

describe('with the root away', () => {
  test('a key that is at hand works until its time is over, then fails closed, then works again', async () => {
    const { root, switch: power } = movableRoot();
    const { keys, clock } = keysFixture({ roots: [root] });
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'x');
    power.isAway = true;
    clock.now += 5 * MINUTE_MS + 9_000;
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'x');
    clock.now += 1_000;
    for (const work of [() => keys.openField(id, cell, sealed), () => keys.sealField(id, cell, 'x')]) {
      await assert.rejects(work, { name: 'KeyringError', code: 'ERR_KEY_UNAVAILABLE' });
    }
    power.isAway = false;
    clock.now += 1_000;
    assert.equal((await keys.openField(id, cell, sealed)).toString(), 'x');
  });

  test('many who ask cost one question a second', async () => {
    const { root, switch: power } = movableRoot();
    const { keys, again, clock } = keysFixture({ roots: [root] });
    await keys.create(id);
    power.isAway = true;
    power.unwraps = 0;
    const other = again();
    for (let second = 0; second < 3; second++) {
      await Promise.allSettled(Array.from({ length: 100 }, () => other.sealField(id, cell, 'x')));
      clock.now += 1_000;
    }
    assert.equal(power.unwraps, 3);
  });

  test('no key is made or rotated, and none is lost', async () => {
    const { root, switch: power } = movableRoot();
    const { keys, store } = keysFixture({ roots: [root] });
    await keys.create(id);
    const before = await store.read(id);
    power.isAway = true;
    await assert.rejects(keys.rotate(id), { code: 'ERR_KEY_UNAVAILABLE' });
    await assert.rejects(keys.create({ ...id, name: 'orders' }), { code: 'ERR_KEY_UNAVAILABLE' });
    assert.deepEqual(await store.read(id), before);
    assert.equal(await store.read({ ...id, name: 'orders' }), undefined);
  });
});

describe('with the store away', () => {
  test('a key goes on for as long as it has uses reserved, then fails closed, and recovers', async () => {
    const { keys, store, again } = keysFixture();
    let isAway = false;
    const check = () => (isAway ? Promise.reject(new Error('ECONNRESET')) : Promise.resolve());
    const fragile: VersionedKeyStore = {
      ...store,
      read: (key) => check().then(() => store.read(key)),
      readUses: (key, version) => check().then(() => store.readUses(key, version)),
    };
    await keys.create(id, { policy: { rotateAfterUses: 160 } }); // blocks of 10
    const other = again({ store: fragile });
    await other.sealField(id, cell, 'x');
    await nextTurn();
    isAway = true;
    let sealed = 0;
    await assert.rejects(
      async () => {
        for (;;) {
          await other.sealField(id, cell, 'x');
          sealed++;
        }
      },
      { code: 'ERR_KEY_UNAVAILABLE' },
    );
    assert.ok(sealed >= 9 && sealed < 40, String(sealed));
    isAway = false;
    await other.sealField(id, cell, 'x');
  });
});

describe('synchronous forms', () => {
  test('want the key warm', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id);
    const other = again();
    assert.throws(() => other.sealFieldSync(id, cell, 'x'), { code: 'ERR_KEY_NOT_WARM' });
    await other.warm([id]);
    const sealed = other.sealFieldSync(id, cell, 'x');
    assert.equal(other.openFieldSync(id, cell, sealed).toString(), 'x');
    await other.close();
    assert.throws(() => other.openFieldSync(id, cell, sealed), { code: 'ERR_KEY_NOT_WARM' });
  });

  test('do not notice that the key is rotated', async () => {
    const { keys } = keysFixture();
    await keys.create(id, { suite: 'A256GCM' });
    await keys.warm([id]);
    const sealed = keys.sealFieldSync(id, cell, 'x');
    let isDone = false;
    const rotating = keys.rotate(id).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      assert.equal(keys.openFieldSync(id, cell, keys.sealFieldSync(id, cell, 'y')).toString(), 'y');
      await nextTurn();
    }
    await rotating;
    const after = keys.sealFieldSync(id, cell, 'z');
    assert.notDeepEqual(after.subarray(3, 21), sealed.subarray(3, 21));
    assert.equal(keys.openFieldSync(id, cell, sealed).toString(), 'x');
  });

  test('stop at once when the key is deleted', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    await keys.warm([id]);
    await keys.remove(id);
    assert.throws(() => keys.sealFieldSync(id, cell, 'x'), { code: 'ERR_KEY_DELETED' });
  });

  test('learn of a version from another process, though not the first time', async () => {
    const { keys, again, clock } = keysFixture();
    await keys.create(id);
    await keys.warm([id]);
    const other = again();
    await other.rotate(id);
    const sealed = await other.sealField(id, cell, 'x');
    clock.now += 1_000;
    assert.throws(() => keys.openFieldSync(id, cell, sealed), { name: 'CryptoError', code: 'ERR_KEY_UNKNOWN' });
    await nextTurn();
    assert.equal(keys.openFieldSync(id, cell, sealed).toString(), 'x');
  });

  test('are kept warm while nobody uses them', async () => {
    const { root, switch: power } = movableRoot();
    const { keys } = keysFixture({ roots: [root], now: Date.now, cache: { maxAgeMs: 120 } });
    await keys.create(id);
    await keys.warm([id]);
    const before = power.unwraps;
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.ok(power.unwraps > before);
    keys.sealFieldSync(id, cell, 'x');
    await keys.close();
  });
});

describe('a value', () => {
  const forgeries: { name: string; forge: (sealed: Buffer) => Buffer; code: string }[] = [
    {
      name: 'that was altered',
      forge: (sealed) => sealed.with(60, sealed[60]! ^ 1) as Buffer,
      code: 'ERR_OPEN_FAILED',
    },
    { name: 'of a foreign key', forge: (sealed) => sealed.with(5, sealed[5]! ^ 1) as Buffer, code: 'ERR_KEY_UNKNOWN' },
    { name: 'that is plaintext', forge: () => Buffer.from('ada@example.test'), code: 'ERR_NOT_SEALED' },
  ];
  for (const { name, forge, code } of forgeries) {
    test(`${name} is refused, and the event says why`, async () => {
      const { keys, events } = keysFixture();
      await keys.create(id);
      const sealed = await keys.sealField(id, cell, 'x');
      await assert.rejects(keys.openField(id, cell, forge(sealed)), { name: 'CryptoError', code });
      const failure = events.find(({ type }) => type === 'open-failed');
      assert.equal(failure?.reason, code);
    });
  }

  test('of a column does not open as another sort of value, nor the other way round', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    const data = await keys.sealValue(id, { plaintext: 'x', context: 'invoice 7' });
    assert.equal((await keys.openValue(id, { sealed: data, context: 'invoice 7' })).toString(), 'x');
    await assert.rejects(keys.openValue(id, { sealed: data, context: 'invoice 8' }), { code: 'ERR_OPEN_FAILED' });
    const table = { table: 'bw1/value', column: id.name, row: undefined };
    await assert.rejects(keys.openField(id, table, data), { code: 'ERR_ARGUMENT' });
  });
});

describe('keys of other kinds', () => {
  const key = (name: string) => ({ scope: 't1', name });
  const column = { table: 'user', column: 'email', name: 'login', normaliser: 'email' } as const;
  const context = Buffer.from('m1');

  test('index values, also while they are rotated', async () => {
    const { keys } = keysFixture();
    await keys.create(key('search'), { kind: 'index' });
    const old = await keys.blindIndex(key('search'), column, 'Ada@example.test');
    await keys.rotate(key('search'));
    const now = await keys.blindIndex(key('search'), column, 'ada@example.test');
    assert.deepEqual(await keys.blindIndexes(key('search'), column, 'ada@example.test'), [now, old]);
  });

  test('seal to a vault, also across a rotation', async () => {
    const { keys } = keysFixture();
    await keys.create(key('vault'), { kind: 'vault' });
    const sealed = await keys.sealToVault(key('vault'), Buffer.from('x'), context);
    await keys.rotate(key('vault'));
    assert.equal((await keys.openFromVault(key('vault'), sealed, context)).toString(), 'x');
    await assert.rejects(keys.openFromVault(key('vault'), sealed, Buffer.from('m2')), { code: 'ERR_OPEN_FAILED' });
    await assert.rejects(keys.openFromVault(key('vault'), sealed.subarray(5), context), { code: 'ERR_KEY_UNKNOWN' });
  });

  test('derive secrets for named uses', async () => {
    const { keys, again } = keysFixture();
    await keys.create(key('ingest'), { kind: 'secret' });
    const secret = await keys.deriveSecret(key('ingest'), 'frames');
    assert.deepEqual(await again().deriveSecret(key('ingest'), 'frames'), secret);
    assert.notDeepEqual(await keys.deriveSecret(key('ingest'), 'tokens'), secret);
  });

  test('give the same message key by its kid', async () => {
    const { keys } = keysFixture();
    await keys.create(id);
    const { kid, key: message } = await keys.messageKey(id);
    await keys.rotate(id);
    assert.equal((await keys.messageKeyOf(id, kid)).key.equals(message), true);
    assert.equal((await keys.messageKey(id)).key.equals(message), false);
  });

  test('open messages of a compromised version, and what is in a vault, on demand alone, and tell of each time', async () => {
    const { keys, events } = keysFixture();
    const vault = key('vault');
    await keys.create(id);
    await keys.create(vault, { kind: 'vault' });
    const { kid, key: message } = await keys.messageKey(id);
    const sealed = await keys.sealToVault(vault, Buffer.from('x'), context);
    await keys.rotate(vault); // of data keys, compromising does it
    for (const each of [id, vault]) await keys.compromise(each, 1);
    await assert.rejects(keys.messageKeyOf(id, kid), { code: 'ERR_KEY_COMPROMISED' });
    await assert.rejects(keys.openFromVault(vault, sealed, context), { code: 'ERR_KEY_COMPROMISED' });
    const access = { allowCompromised: true };
    assert.equal((await keys.messageKeyOf(id, kid, access)).key.equals(message), true);
    assert.equal((await keys.openFromVault(vault, sealed, context, access)).toString(), 'x');
    const told = events.filter(({ type }) => type === 'opened-compromised');
    assert.deepEqual(
      told.map(({ name, version }) => [name, version]),
      [
        [id.name, 1],
        [vault.name, 1],
      ],
    );
  });

  test('whose only version is compromised open nothing, though it still authenticates the record', async () => {
    const { keys } = keysFixture();
    const [vault, search] = [key('vault'), key('search')];
    await keys.create(vault, { kind: 'vault' });
    await keys.create(search, { kind: 'index' });
    await keys.warm([vault, search]);
    const sealed = await keys.sealToVault(vault, Buffer.from('x'), context);
    for (const each of [vault, search]) await keys.compromise(each, 1);
    await assert.rejects(keys.openFromVault(vault, sealed, context), { code: 'ERR_KEY_COMPROMISED' });
    assert.throws(() => keys.openFromVaultSync(vault, sealed, context), { code: 'ERR_KEY_COMPROMISED' });
    const column = { table: 't', column: 'c', name: 'n', normaliser: 'exact' } as const;
    assert.deepEqual(await keys.blindIndexes(search, column, 'x'), []);
    await keys.warm([vault], { allowCompromised: true });
    assert.equal(keys.openFromVaultSync(vault, sealed, context, { allowCompromised: true }).toString(), 'x');
  });

  test('do nothing that they are not for', async () => {
    const { keys } = keysFixture();
    await keys.create(key('search'), { kind: 'index' });
    await assert.rejects(keys.sealField(key('search'), cell, 'x'), { code: 'ERR_KEY_STATE' });
    await assert.rejects(keys.deriveSecret(key('search'), 'x'), { code: 'ERR_KEY_STATE' });
    await assert.rejects(keys.create(key('x'), { kind: 'index', suite: 'A256GCM' }), { code: 'ERR_ARGUMENT' });
  });
});

describe('events', () => {
  test('tell what was done with a key, and no value', async () => {
    const { keys, events } = keysFixture();
    await keys.create(id);
    const sealed = await keys.sealField(id, cell, 'canary-value');
    await keys.openField(id, cell, sealed);
    await keys.rotate(id);
    await keys.close();
    const types = events.map(({ type }) => type);
    assert.deepEqual(types, ['created', 'loaded', 'leased', 'sealed', 'opened', 'rotated']);
    assert.equal(JSON.stringify(events).includes('canary-value'), false);
    assert.equal(events[3]?.purpose, 'customer.email');
  });

  test('do not break what they tell of', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const { keys } = keysFixture({
      onEvent: () => {
        throw new KeyringError('ERR_ARGUMENT', 'secret of the sink');
      },
    });
    await keys.create(id);
    assert.doesNotMatch((await warned).message, /secret of the sink/);
  });
});
