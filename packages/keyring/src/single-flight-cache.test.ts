import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CacheLimits, NEGATIVE_MS, SingleFlightCache, STALE_GRACE_MS } from './single-flight-cache.ts';

const ONE = { uses: 1, bytes: 10 };

function setUp(limits: CacheLimits = {}) {
  const clock = { now: 1_000_000 };
  const disposed: number[] = [];
  let loads = 0;
  const source: { fails: boolean; gate: Promise<void> | undefined } = { fails: false, gate: undefined };
  const cache = new SingleFlightCache<number>({
    now: () => clock.now,
    limits,
    dispose: (value) => disposed.push(value),
    async load() {
      const number = ++loads;
      await source.gate;
      if (source.fails) throw new Error('away');
      return number;
    },
  });
  const get = (id = 'a') => cache.use(id, ONE, (value) => value);
  return { cache, clock, disposed, source, get, loads: () => loads };
}

describe('a single-flight cache', () => {
  test('loads once for all who ask', async () => {
    const { get, loads } = setUp();
    assert.deepEqual(await Promise.all([get(), get(), get()]), [1, 1, 1]);
    assert.equal(loads(), 1);
  });

  const limits: { name: string; limits: CacheLimits; afterMs: number; uses: number }[] = [
    { name: 'its age', limits: { maxAgeMs: 1_000 }, afterMs: 1_000, uses: 0 },
    { name: 'its uses', limits: { maxUses: 3 }, afterMs: 0, uses: 3 },
    { name: 'its bytes', limits: { maxBytes: 30 }, afterMs: 0, uses: 3 },
  ];
  for (const { name, limits: own, afterMs, uses } of limits) {
    test(`gives a value past ${name} out once more while it loads the next`, async () => {
      const { get, clock, loads } = setUp(own);
      await get();
      for (let i = 1; i < uses; i++) await get();
      clock.now += afterMs;
      assert.equal(loads(), 1);
      assert.equal(await get(), 1);
      await nextTurn();
      assert.equal(await get(), 2);
    });
  }

  test('gives nothing out past the grace when it cannot load, and recovers', async () => {
    const { get, clock, source } = setUp({ maxAgeMs: 1_000 });
    await get();
    source.fails = true;
    clock.now += 1_000 + STALE_GRACE_MS - 1;
    assert.equal(await get(), 1);
    clock.now += NEGATIVE_MS;
    await assert.rejects(get(), /away/);
    source.fails = false;
    await assert.rejects(get(), /away/); // remembered
    clock.now += NEGATIVE_MS;
    assert.ok((await get()) > 1);
  });

  test('counts the grace from the end of the age, however late it is noticed', async () => {
    const { get, clock, source } = setUp({ maxAgeMs: 1_000 });
    await get();
    source.fails = true;
    clock.now += 1_000 + STALE_GRACE_MS;
    await assert.rejects(get(), /away/);
  });

  test('makes nothing younger when the clock is set back', async () => {
    const { get, clock } = setUp({ maxAgeMs: 1_000 });
    await get();
    clock.now += 900;
    await get();
    clock.now -= 100_000;
    assert.equal(await get(), 1);
    clock.now += 100_000 + 100 + STALE_GRACE_MS;
    assert.equal(await get(), 2);
  });

  test('evicts what was used longest ago', async () => {
    const { cache, get, disposed } = setUp({ maxEntries: 2 });
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    await nextTurn();
    assert.deepEqual(disposed, [2]);
    assert.equal(cache.size, 2);
  });

  test('disposes of a value once nobody holds it', async () => {
    const { cache, disposed } = setUp();
    let finish = () => {};
    const holding = cache.use('a', ONE, () => new Promise<void>((resolve) => (finish = resolve)));
    await nextTurn();
    cache.evict('a');
    await nextTurn();
    assert.deepEqual(disposed, []);
    finish();
    await holding;
    await nextTurn();
    assert.deepEqual(disposed, [1]);
  });

  test('does not keep what was forgotten while it was on its way', async () => {
    const { cache, get, source, disposed } = setUp();
    let open = () => {};
    source.gate = new Promise((resolve) => (open = resolve));
    const first = get();
    cache.evict('a');
    source.gate = undefined;
    open();
    assert.equal(await first, 1);
    await nextTurn();
    assert.deepEqual(disposed, [1]);
    assert.equal(await get(), 2);
  });

  test('gives the old value out until the new one is there when it reloads', async () => {
    const { cache, get, source } = setUp();
    await get();
    let open = () => {};
    source.gate = new Promise((resolve) => (open = resolve));
    const reloading = cache.reload('a');
    assert.deepEqual(
      cache.useSync('a', ONE, (value) => value),
      { result: 1 },
    );
    open();
    await reloading;
    assert.deepEqual(
      cache.useSync('a', ONE, (value) => value),
      { result: 2 },
    );
  });

  test('has nothing for who cannot wait before it was loaded', () => {
    assert.equal(
      setUp().cache.useSync('a', ONE, (value) => value),
      undefined,
    );
  });
});
