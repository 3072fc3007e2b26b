import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeBase64Url, generateKey } from '@bulwark/crypto';
import { keysFixture } from '../testing/keys-fixture.ts';
import { wrapToAll } from './recipients.ts';
import { localRoot, type RootProvider } from './root.ts';
import { memoryStore } from './stores/memory.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };
const a = localRoot(generateKey());
const b = localRoot(generateKey());
const away = (root: RootProvider): RootProvider => ({
  ...root,
  unwrap: () => Promise.reject(new Error('ECONNREFUSED')),
});

async function setUp(roots: [RootProvider, ...RootProvider[]] = [a, b]) {
  const fixture = keysFixture({ roots });
  await fixture.keys.create(id);
  return { ...fixture, sealed: await fixture.keys.sealField(id, cell, 'x') };
}

/** A store in which a key's version 1 is wrapped to `root` as another secret, its header left as it was. */
async function withSalamander(store: VersionedKeyStore, root: RootProvider): Promise<VersionedKeyStore> {
  const stored = (await store.read(id))!;
  const [forged] = await wrapToAll([root], stored.document, stored.document.versions[0]!, generateKey());
  const copies = stored.material.get(1)!.map((copy) => (copy.rootId === root.id ? forged! : copy));
  const changed = memoryStore();
  await changed.commit({ ...stored, material: new Map([[1, copies]]) });
  return changed;
}

describe('a key wrapped to two roots', () => {
  const opening: { name: string; roots: [RootProvider, ...RootProvider[]] }[] = [
    { name: 'the first alone', roots: [a] },
    { name: 'the second alone', roots: [b] },
    { name: 'the second while the first is away', roots: [away(a), b] },
  ];
  for (const { name, roots } of opening) {
    test(`opens with ${name}`, async () => {
      const { again, sealed } = await setUp();
      assert.equal((await again({ roots }).openField(id, cell, sealed)).toString(), 'x');
    });
  }

  const failing: { name: string; roots: [RootProvider, ...RootProvider[]]; code: string }[] = [
    { name: 'both are away', roots: [away(a), away(b)], code: 'ERR_KEY_UNAVAILABLE' },
    {
      name: 'one is away and another root is asked',
      roots: [away(a), localRoot(generateKey())],
      code: 'ERR_KEY_UNAVAILABLE',
    },
    { name: 'others are asked', roots: [localRoot(generateKey())], code: 'ERR_ROOT_KEY_WRONG' },
  ];
  for (const { name, roots, code } of failing) {
    test(`does not open when ${name}`, async () => {
      const { again, sealed } = await setUp();
      await assert.rejects(again({ roots }).openField(id, cell, sealed), { code });
    });
  }

  test('never opens to another key, whoever is asked', async () => {
    const { store, again, sealed } = await setUp();
    const forged = await withSalamander(store, b);
    assert.equal((await again({ store: forged, roots: [a, b] }).openField(id, cell, sealed)).toString(), 'x');
    await assert.rejects(again({ store: forged, roots: [b] }).openField(id, cell, sealed), { code: 'ERR_KEY_ALTERED' });
    await assert.rejects(again({ store: forged, roots: [away(a), b] }).sealField(id, cell, 'y'), {
      code: 'ERR_KEY_ALTERED',
    });
  });

  test('names the recipient that has another key, and is not wrapped anew before that was looked at', async () => {
    const { store, again } = await setUp();
    const keys = again({ store: await withSalamander(store, b) });
    const answers = async () => (await keys.checkRecipients(id)).map(({ rootId, answer }) => [rootId, answer]);
    assert.deepEqual(await answers(), [
      [a.id, 'opens'],
      [b.id, 'differs'],
    ]);
    await assert.rejects(keys.rewrap(id), { code: 'ERR_KEY_ALTERED' });
    await keys.rewrap(id, { repair: true });
    assert.deepEqual(await answers(), [
      [a.id, 'opens'],
      [b.id, 'opens'],
    ]);
  });

  test('says who is away', async () => {
    const { again } = await setUp();
    const checks = await again({ roots: [a, away(b)] }).checkRecipients(id);
    assert.deepEqual(
      checks.map(({ answer }) => answer),
      ['opens', 'away'],
    );
    assert.deepEqual(
      (await again({ roots: [a] }).checkRecipients(id)).map(({ answer }) => answer),
      ['opens', 'away'],
    );
  });
});

describe('rewrapping', () => {
  test('moves all versions to a new root without touching what they sealed', async () => {
    const { keys, again, sealed, store } = await setUp([a]);
    await keys.rotate(id);
    const [uses, kids] = [(await store.read(id))!.uses, (await keys.describe(id)).versions.map(({ kid }) => kid)];
    await again({ roots: [b], formerRoots: [a] }).rewrap(id);
    const after = again({ roots: [b] });
    assert.equal((await after.openField(id, cell, sealed)).toString(), 'x');
    const { versions } = await after.describe(id);
    assert.deepEqual(
      versions.map(({ kid }) => kid),
      kids,
    );
    assert.deepEqual(
      versions.map(({ wrappedBy }) => wrappedBy),
      [[b.id], [b.id]],
    );
    assert.deepEqual((await store.read(id))!.uses, uses);
    await assert.rejects(again({ roots: [a] }).openField(id, cell, sealed), { code: 'ERR_ROOT_KEY_WRONG' });
  });

  test('that fails half-way leaves the key as it was', async () => {
    const { keys, again, sealed } = await setUp([a]);
    await keys.rotate(id);
    let wraps = 0;
    const failing: RootProvider = {
      ...b,
      wrap: (key, context) => (++wraps > 1 ? Promise.reject(new Error('throttled')) : b.wrap(key, context)),
    };
    await assert.rejects(again({ roots: [failing], formerRoots: [a] }).rewrap(id), { code: 'ERR_KEY_UNAVAILABLE' });
    assert.equal((await again({ roots: [a] }).openField(id, cell, sealed)).toString(), 'x');
  });
});

test('material cut short by a root is refused', async () => {
  const { again, sealed } = await setUp([a]);
  const short: RootProvider = { ...a, unwrap: async () => Buffer.from(encodeBase64Url(generateKey())) };
  await assert.rejects(again({ roots: [short] }).openField(id, cell, sealed), { code: 'ERR_KEY_ALTERED' });
});
