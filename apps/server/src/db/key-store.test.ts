import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { localRoot, openKeyring } from '@bulwark/keyring';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { sqlKeyStore } from './key-store.ts';
import { openDatabase } from './open.ts';
import { ensureTenant } from './tenants.ts';

const now = () => 1_795_000_000_000;
const cell = { table: 'machine', column: 'name', row: 'm1' };

forEachDatabase('keys in the database', (openUrl) => {
  test('are made once, by however many servers start at once', async () => {
    const url = await openUrl();
    const [first, second] = [await openDatabase(url), await openDatabase(url)];
    const root = localRoot(generateKey());
    const tenants = await Promise.all([first, second].map((db) => ensureTenant(db, now)));
    assert.equal(tenants[0], tenants[1]);
    const [a, b] = await Promise.all(
      [first, second].map((db) => openKeyring({ root, store: sqlKeyStore(db), now }).fields(tenants[0]!)),
    );
    assert.equal(b?.openText(cell, a!.seal(cell, 'web-1')), 'web-1');
    const vaults = await Promise.all(
      [first, second].map((db) => openKeyring({ root, store: sqlKeyStore(db), now }).vault(tenants[0]!)),
    );
    const context = Buffer.from('context');
    assert.equal(vaults[1]!.open(vaults[0]!.seal(Buffer.from('key'), context), context).toString(), 'key');
    await Promise.all([first.destroy(), second.destroy()]);
  });

  test('open again after a restart, and only with the root key of the first start', async () => {
    const url = await openUrl();
    const root = localRoot(generateKey());
    let db = await openDatabase(url);
    const tenantId = await ensureTenant(db, now);
    const sealed = (await openKeyring({ root, store: sqlKeyStore(db), now }).fields(tenantId)).seal(cell, 'web-1');
    await db.destroy();
    db = await openDatabase(url);
    const again = await openKeyring({ root, store: sqlKeyStore(db), now }).fields(tenantId);
    assert.equal(again.openText(cell, sealed), 'web-1');
    const stranger = openKeyring({ root: localRoot(generateKey()), store: sqlKeyStore(db), now });
    await assert.rejects(() => stranger.fields(tenantId), { code: 'ERR_ROOT_KEY_WRONG' });
    await db.destroy();
  });
});
