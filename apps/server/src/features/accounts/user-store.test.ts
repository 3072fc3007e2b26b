import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { localRoot, memoryStore, openKeys, tenantKeyring } from '@bulwark/keyring';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { openDatabase } from '../../db/open.ts';
import type { Database } from '../../db/schema.ts';
import { type UserStore, userStore } from './user-store.ts';

forEachDatabase('userStore', (openUrl) => {
  let db: Database;
  before(async () => {
    db = await openDatabase(await openUrl());
  });
  after(() => db.destroy());

  async function newTenant(): Promise<{ tenantId: string; users: UserStore }> {
    const tenantId = randomUUID();
    await db.insertInto('tenant').values({ id: tenantId, slug: tenantId, created_at: 0 }).execute();
    const keyring = tenantKeyring(openKeys({ roots: [localRoot(Buffer.alloc(32, 7))], store: memoryStore() }));
    const [fields, index] = await Promise.all([keyring.fields(tenantId), keyring.index(tenantId)]);
    return { tenantId, users: userStore({ db, tenantId, fields, index, now: Date.now }) };
  }

  const newUser = (username: string) => ({ username, passwordHash: `hash of ${username}`, role: 'viewer' as const });

  test('createFirst makes one user, however many try at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { tenantId, users } = await newTenant();
      const names = Array.from({ length: 10 }, (_, at) => `user${at}`);
      const made = await Promise.all(names.map((name) => users.createFirst(newUser(name))));
      assert.equal(made.filter((user) => user !== undefined).length, 1);
      const rows = await db.selectFrom('user').select('id').where('tenant_id', '=', tenantId).execute();
      assert.equal(rows.length, 1);
    }
  });

  test('findByIndex finds a user of this tenant alone, by any spelling', async () => {
    const [ours, theirs] = [await newTenant(), await newTenant()];
    const made = await ours.users.createFirst(newUser('Straße'));
    const found = await ours.users.findByIndex(ours.users.indexOf(' STRASSE '));
    assert.deepEqual(found, { user: made, passwordHash: 'hash of Straße' });
    assert.equal(await ours.users.findByIndex(ours.users.indexOf('strase')), undefined);
    assert.equal(await theirs.users.findByIndex(theirs.users.indexOf('Straße')), undefined);
    assert.equal(await theirs.users.findByIndex(ours.users.indexOf('Straße')), undefined);
    assert.deepEqual([await ours.users.hasAny(), await theirs.users.hasAny()], [true, false]);
  });

  test('a name moved to another user is refused', async () => {
    const [{ users, tenantId }, other] = [await newTenant(), await newTenant()];
    await users.createFirst(newUser('ada'));
    await other.users.createFirst(newUser('eve'));
    const nameOf = (tenant: string) => db.selectFrom('user').select('username').where('tenant_id', '=', tenant);
    const { username } = await nameOf(other.tenantId).executeTakeFirstOrThrow();
    await db.updateTable('user').set({ username }).where('tenant_id', '=', tenantId).execute();
    await assert.rejects(users.findByIndex(users.indexOf('ada')), { name: 'CryptoError' });
  });
});
