import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keysFixture } from '../testing/keys-fixture.ts';
import { signUses } from './key-document.ts';
import { deriveMaterial, generateMaterial } from './key-material.ts';
import { memoryStore } from './stores/memory.ts';
import { createUseLeases, type Leased } from './use-leases.ts';

const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };

async function setUp({ hard = 100, block = 10, maxBlock = 1_000 } = {}) {
  const store = memoryStore();
  const material = deriveMaterial('data', 'A256GCM', generateMaterial('data'));
  await store.commit({
    document: { ...id, revision: 1, versions: [] } as never,
    material: new Map(),
    uses: new Map([[1, signUses(id, 1, { reserved: 0, returned: 0, lastUsedAt: null }, material.macKey)]]),
  });
  const leased: Leased = { id, version: 1, material, hard, block, maxBlock };
  const clock = { now: 1_000_000 };
  const newLeases = () => createUseLeases({ store, now: () => clock.now, onReserved: () => {} });
  const counted = async () => {
    const uses = (await store.readUses(id, 1))!;
    return uses.reserved - uses.returned;
  };
  return { store, leased, clock, newLeases, counted };
}

describe('leases', () => {
  test('reserve before they are spent, and hand back at the end', async () => {
    const { leased, newLeases, counted } = await setUp();
    const leases = newLeases();
    await leases.take(leased, 3);
    assert.equal(await counted(), 10);
    await leases.close();
    assert.equal(await counted(), 3);
    await assert.rejects(leases.take(leased, 1), { code: 'ERR_KEY_UNAVAILABLE' });
  });

  test('count too much after a crash, never too little', async () => {
    const { leased, newLeases, counted } = await setUp();
    await newLeases().take(leased, 3); // never closed
    await newLeases().take(leased, 3);
    assert.equal(await counted(), 20);
  });

  test('end at the limit, all processes together', async () => {
    const { leased, newLeases, counted } = await setUp({ hard: 100, block: 16 });
    const processes = [newLeases(), newLeases(), newLeases()];
    let taken = 0;
    await Promise.all(
      processes.map(async (leases) => {
        for (;;) {
          try {
            await leases.take(leased, 1);
            taken++;
          } catch (error) {
            assert.equal((error as { code: string }).code, 'ERR_KEY_SPENT');
            return;
          }
        }
      }),
    );
    assert.equal(taken, 100);
    assert.equal(await counted(), 100);
  });

  test('give a batch what it needs, or nothing', async () => {
    const { leased, newLeases, counted } = await setUp();
    const leases = newLeases();
    await leases.take(leased, 60);
    await assert.rejects(leases.take(leased, 60), { code: 'ERR_KEY_SPENT' });
    await leases.close();
    assert.equal(await counted(), 60);
  });

  test('grow for who needs many', async () => {
    const { leased, newLeases, counted } = await setUp({ hard: 2 ** 20, block: 4 });
    const leases = newLeases();
    for (let i = 0; i < 2_000; i++) await leases.take(leased, 1);
    await leases.close();
    assert.equal(await counted(), 2_000);
  });

  test('have none for who cannot wait until they are prepared', async () => {
    const { leased, newLeases } = await setUp();
    const leases = newLeases();
    assert.equal(leases.takeSync(leased, 1), false);
    await leases.prepare(leased);
    assert.equal(leases.takeSync(leased, 1), true);
    assert.equal(leases.takeSync(leased, 1_000), false);
    await leases.close();
    assert.equal(leases.takeSync(leased, 1), false);
  });

  const forgeries = [
    { name: 'lowered', change: { reserved: 1 } },
    { name: 'said to be handed back', change: { returned: 10 } },
  ];
  for (const { name, change } of forgeries) {
    test(`refuse a count that was ${name} in the store`, async () => {
      const { store, leased, newLeases } = await setUp();
      const leases = newLeases();
      await leases.take(leased, 1);
      const uses = (await store.readUses(id, 1))!;
      await store.swapUses(id, 1, uses, { ...uses, ...change });
      await assert.rejects(newLeases().take(leased, 1), { code: 'ERR_KEY_ALTERED' });
    });
  }

  test('refuse an older count that was put back, where they saw the newer one', async () => {
    const { store, leased, newLeases } = await setUp();
    const old = (await store.readUses(id, 1))!;
    const leases = newLeases();
    await leases.take(leased, 10);
    await store.swapUses(id, 1, (await store.readUses(id, 1))!, old);
    await assert.rejects(leases.take(leased, 90), { code: 'ERR_KEY_ALTERED' });
  });
});

describe('a key', () => {
  test('counts what all processes sealed, exactly once they have closed it', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id, { policy: { rotateAfterUses: 10_000 } });
    const others = [again(), again()];
    for (const other of others) for (let i = 0; i < 7; i++) await other.sealField(id, cell, 'x');
    await keys.sealFields(
      id,
      Array.from({ length: 6 }, () => ({ cell, plaintext: 'x' })),
    );
    await Promise.all([keys, ...others].map((each) => each.close()));
    assert.equal((await again().describe(id)).versions[0]?.uses, 20);
  });

  test('seals a batch with one lease, and none of it past the limit', async () => {
    const { keys, again } = keysFixture();
    await keys.create(id, { suite: 'A256GCM' });
    const fields = Array.from({ length: 1_000 }, (_, i) => ({ cell: { ...cell, row: String(i) }, plaintext: `${i}` }));
    const sealed = await keys.sealFields(id, fields);
    const opened = await keys.openFields(
      id,
      sealed.map((each, i) => ({ cell: fields[i]!.cell, sealed: each })),
    );
    assert.deepEqual(
      opened.map(String),
      fields.map(({ plaintext }) => plaintext),
    );
    await keys.close();
    assert.equal((await again().describe(id)).versions[0]?.uses, 1_000);
  });
});
