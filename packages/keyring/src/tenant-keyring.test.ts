import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { keysFixture } from '../testing/keys-fixture.ts';
import { localRoot } from './root.ts';
import { tenantKeyring } from './tenant-keyring.ts';

const cell = { table: 'machine', column: 'name', row: 'm1' };
const context = Buffer.from('machine-key:m1:1');

describe('a tenant keyring on keys', () => {
  test('opens after a restart what it sealed before, and after rotation', async () => {
    const { keys, again } = keysFixture();
    const keyring = tenantKeyring(keys);
    const fields = await keyring.fields('t1');
    const sealed = fields.seal(cell, 'web-1');
    const sealedKey = (await keyring.vault('t1')).seal(Buffer.from('key'), context);
    await keys.rotate({ scope: 't1', name: 'fields' });
    assert.equal(fields.openText(cell, fields.seal(cell, 'web-2')), 'web-2');
    const restarted = tenantKeyring(again());
    assert.equal((await restarted.fields('t1')).openText(cell, sealed), 'web-1');
    assert.equal((await restarted.vault('t1')).open(sealedKey, context).toString(), 'key');
    assert.deepEqual(await restarted.ingestSecret('t1'), await keyring.ingestSecret('t1'));
  });

  test('indexes a value the same way after a restart, and another way for another tenant', async () => {
    const { keys, again } = keysFixture();
    const column = { table: 'user', column: 'username', normaliser: 'caseless' } as const;
    const first = (await tenantKeyring(keys).index('t1')).index(column, 'Ada');
    assert.deepEqual((await tenantKeyring(again()).index('t1')).index(column, 'ada'), first);
    assert.notDeepEqual((await tenantKeyring(keys).index('t2')).index(column, 'Ada'), first);
  });

  test('made by several processes at once ends with one key', async () => {
    const { again } = keysFixture();
    const ciphers = await Promise.all([1, 2, 3].map(() => tenantKeyring(again()).fields('t1')));
    const sealed = ciphers[0]!.seal(cell, 'web-1');
    for (const cipher of ciphers) assert.equal(cipher.openText(cell, sealed), 'web-1');
  });

  test('refuses another root', async () => {
    const { keys, again } = keysFixture();
    await tenantKeyring(keys).fields('t1');
    const other = tenantKeyring(again({ roots: [localRoot(generateKey())] }));
    await assert.rejects(other.fields('t1'), { code: 'ERR_ROOT_KEY_WRONG' });
  });
});
