import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { localRoot, openKeys, type RootProvider, tenantKeyring } from '@bulwark/keyring';
import { sqlStore } from '@bulwark/keyring/sql';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { openDatabase } from './open.ts';
import type { Database } from './schema.ts';
import { ensureTenant } from './tenants.ts';

const now = () => 1_795_000_000_000;
const cell = { table: 'machine', column: 'name', row: 'm1' };

async function withKeyring<T>(
  db: Database,
  root: RootProvider,
  use: (keyring: ReturnType<typeof tenantKeyring>, tenantId: string) => Promise<T>,
): Promise<T> {
  const keys = openKeys({ store: sqlStore(db), roots: [root], now });
  try {
    return await use(tenantKeyring(keys), await ensureTenant(db, now));
  } finally {
    await keys.close();
  }
}

forEachDatabase("a tenant's keys in the database", (openUrl) => {
  test('are made once, by however many servers start at once', async () => {
    const db = await openDatabase(await openUrl());
    const root = localRoot(generateKey());
    const sealed = await Promise.all(
      [1, 2, 3].map(() =>
        withKeyring(db, root, async (keyring, tenantId) => (await keyring.fields(tenantId)).seal(cell, 'web-1')),
      ),
    );
    await withKeyring(db, root, async (keyring, tenantId) => {
      const fields = await keyring.fields(tenantId);
      for (const value of sealed) assert.equal(fields.openText(cell, value), 'web-1');
    });
    assert.equal((await db.selectFrom('tenant').selectAll().execute()).length, 1);
    await db.destroy();
  });

  test('open again after a restart, and only with the root key of the first start', async () => {
    const url = await openUrl();
    const root = localRoot(generateKey());
    let db = await openDatabase(url);
    const sealed = await withKeyring(db, root, async (keyring, tenantId) =>
      (await keyring.fields(tenantId)).seal(cell, 'web-1'),
    );
    await db.destroy();
    db = await openDatabase(url);
    await withKeyring(db, root, async (keyring, tenantId) =>
      assert.equal((await keyring.fields(tenantId)).openText(cell, sealed), 'web-1'),
    );
    const asStranger = withKeyring(db, localRoot(generateKey()), (keyring, tenantId) => keyring.fields(tenantId));
    await assert.rejects(asStranger, { code: 'ERR_ROOT_KEY_WRONG' });
    await db.destroy();
  });
});
