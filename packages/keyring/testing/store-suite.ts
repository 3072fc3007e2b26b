import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyDocument, KeyUses, KeyVersion } from '../src/key-document.ts';
import type { KeyChange, VersionedKeyStore } from '../src/versioned-store.ts';

const id = { scope: 't1', name: 'customers' };
const uses = (reserved: number): KeyUses => ({ reserved, returned: 0, lastUsedAt: null, mac: `mac-${reserved}` });

function version(number: number, change: Partial<KeyVersion> = {}): KeyVersion {
  return {
    version: number,
    kid: `kid-${number}`,
    state: 'active',
    suite: 'XAES-256-GCM',
    createdAt: 1_795_000_000_000 + number,
    activatesAt: null,
    expiresAt: 1_895_000_000_000,
    publicKey: null,
    ...change,
  };
}

/** A change that brings a key to a revision; new material and uses for the versions in `added`. */
function change(revision: number, versions: KeyVersion[], added: number[], of: Partial<KeyDocument> = {}): KeyChange {
  return {
    document: {
      ...id,
      kind: 'data',
      revision,
      policy: { rotateAfterMs: 90, rotateAfterUses: null, expireAfterMs: null },
      minDecryptVersion: 1,
      minEncryptVersion: 1,
      createdAt: 1_795_000_000_000,
      changedAt: 1_795_000_000_000 + revision,
      deletedAt: null,
      versions,
      mac: `document-${revision}`,
      ...of,
    },
    material: new Map(added.map((number) => [number, [{ rootId: 'r', wrapped: `wrapped-${number}-${revision}` }]])),
    uses: new Map(added.map((number) => [number, uses(0)])),
  };
}

/**
 * What every store does. Declares tests; call it within a `describe`.
 *
 * @param open Opens a new empty store, and the same again as another process would.
 */
export function testStore(open: () => Promise<{ store: VersionedKeyStore; again: () => Promise<VersionedKeyStore> }>) {
  test('reads what was committed, also from another process', async () => {
    const { store, again } = await open();
    const first = change(1, [version(1, { publicKey: 'public', suite: null })], [1]);
    assert.equal(await store.read(id), undefined);
    assert.equal(await store.commit(first), true);
    for (const reader of [store, await again()]) {
      const stored = await reader.read(id);
      assert.deepEqual(stored?.document, first.document);
      assert.deepEqual(stored?.material, first.material);
      assert.deepEqual(stored?.uses, first.uses);
    }
  });

  test('adds versions, and keeps material and uses of the others', async () => {
    const { store } = await open();
    const first = change(1, [version(1)], [1]);
    const second = change(2, [version(1, { state: 'deactivated' }), version(2)], [2]);
    await store.commit(first);
    await store.swapUses(id, 1, uses(0), uses(7));
    assert.equal(await store.commit(second), true);
    const stored = await store.read(id);
    assert.deepEqual(stored?.document, second.document);
    assert.deepEqual(
      [...stored!.material],
      [
        [1, [{ rootId: 'r', wrapped: 'wrapped-1-1' }]],
        [2, [{ rootId: 'r', wrapped: 'wrapped-2-2' }]],
      ],
    );
    assert.deepEqual(
      [...stored!.uses],
      [
        [1, uses(7)],
        [2, uses(0)],
      ],
    );
  });

  test('wraps anew without touching uses', async () => {
    const { store } = await open();
    await store.commit(change(1, [version(1)], [1]));
    await store.swapUses(id, 1, uses(0), uses(7));
    const rewrapped = [
      { rootId: 'a', wrapped: 'x' },
      { rootId: 'b', wrapped: 'y' },
    ];
    await store.commit({ ...change(2, [version(1)], []), material: new Map([[1, rewrapped]]) });
    const stored = await store.read(id);
    assert.deepEqual(stored?.material.get(1), rewrapped);
    assert.deepEqual(stored?.uses.get(1), uses(7));
  });

  test('erases the material of destroyed versions', async () => {
    const { store } = await open();
    await store.commit(change(1, [version(1), version(2)], [1, 2]));
    await store.commit(change(2, [version(1, { state: 'destroyed' }), version(2)], []));
    const stored = await store.read(id);
    assert.deepEqual([...stored!.material.keys()], [2]);
    assert.deepEqual([...stored!.uses.keys()], [1, 2]);
  });

  test('takes a key with versions that were destroyed elsewhere', async () => {
    const { store } = await open();
    const first = change(1, [version(1, { state: 'destroyed' }), version(2)], [2]);
    assert.equal(await store.commit(first), true);
    const stored = await store.read(id);
    assert.deepEqual(stored?.document, first.document);
    assert.deepEqual([...stored!.material.keys()], [2]);
  });

  const wrongRevisions = [
    { name: 'made from an older revision', revision: 2 },
    { name: 'made from a revision that is not there', revision: 4 },
    { name: 'that makes a key which is there', revision: 1 },
  ];
  for (const { name, revision } of wrongRevisions) {
    test(`refuses a change ${name}, and changes nothing`, async () => {
      const { store } = await open();
      await store.commit(change(1, [version(1)], [1]));
      const second = change(2, [version(1), version(2)], [2]);
      await store.commit(second);
      const before = await store.read(id);
      const added = revision === 1 ? [1] : [3];
      assert.equal(await store.commit(change(revision, [version(1), version(2), version(3)], added)), false);
      assert.deepEqual(await store.read(id), before);
    });
  }

  test('makes one of many changes at once', async () => {
    const { store, again } = await open();
    const stores = [store, await again(), await again()];
    const attempts = Array.from({ length: 12 }, (_, i) =>
      stores[i % stores.length]!.commit(change(1, [version(1, { kid: `kid-${i}` })], [1], { mac: `document-${i}` })),
    );
    const results = await Promise.all(attempts);
    assert.equal(results.filter(Boolean).length, 1);
    const winner = results.indexOf(true);
    const stored = await store.read(id);
    assert.equal(stored?.document.mac, `document-${winner}`);
    assert.equal(stored?.document.versions[0]?.kid, `kid-${winner}`);
  });

  test('swaps uses that are as they were read, and no others', async () => {
    const { store } = await open();
    await store.commit(change(1, [version(1)], [1]));
    const next: KeyUses = { reserved: 2 ** 40, returned: 5, lastUsedAt: 1_795_000_000_000, mac: 'next' };
    assert.equal(await store.swapUses(id, 1, uses(3), next), false);
    assert.deepEqual(await store.readUses(id, 1), uses(0));
    assert.equal(await store.swapUses(id, 1, uses(0), next), true);
    assert.deepEqual(await store.readUses(id, 1), next);
    assert.equal(await store.swapUses(id, 1, uses(0), uses(1)), false);
    assert.equal(await store.swapUses(id, 2, uses(0), uses(1)), false);
    assert.equal(await store.readUses(id, 2), undefined);
    assert.equal(await store.readUses({ ...id, scope: 't2' }, 1), undefined);
  });

  test('loses no swap of many at once', async () => {
    const { store, again } = await open();
    await store.commit(change(1, [version(1)], [1]));
    async function count(own: VersionedKeyStore, times: number): Promise<void> {
      while (times > 0) {
        const before = (await own.readUses(id, 1))!;
        if (await own.swapUses(id, 1, before, uses(before.reserved + 1))) times--;
      }
    }
    await Promise.all([count(store, 10), count(await again(), 10), count(await again(), 10)]);
    assert.equal((await store.readUses(id, 1))?.reserved, 30);
  });

  test('lists keys by scope and name, whatever characters they have', async () => {
    const { store } = await open();
    const ids = [
      { scope: '', name: 'z' },
      { scope: 't1', name: '../../etc' },
      { scope: 't1', name: 'Customers' },
      { scope: 't1', name: 'customers' },
      { scope: 't2', name: 'ключ'.repeat(50) },
    ];
    for (const each of ids.toReversed()) assert.equal(await store.commit(change(1, [version(1)], [1], each)), true);
    assert.deepEqual(await store.list(), ids);
    assert.deepEqual(await store.list('t1'), ids.slice(1, 4));
    assert.deepEqual((await store.read(ids[2]!))?.document.name, 'Customers');
  });
}
