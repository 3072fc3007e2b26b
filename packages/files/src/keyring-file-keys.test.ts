import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { scratch } from '../testing/scratch.ts';
import { keyringFileKeys, sealFile, verifyFile } from './index.ts';

test("files are sealed under a keyring's key, and open after it was rotated", async () => {
  await using files = await scratch();
  const source = await files.write('content', 'text');
  const keyring = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
  for (const scope of ['acme', 'other']) {
    for (const name of ['logs', 'backups']) await keyring.create({ scope, name });
  }
  const keys = keyringFileKeys(keyring, 'acme', ['logs', 'backups']);

  const before = await sealFile(source, files.path('1'), { key: 'backups', keys });
  await keyring.rotate({ scope: 'acme', name: 'backups' });
  const after = await sealFile(source, files.path('2'), { key: 'backups', keys });
  assert.notDeepEqual(before.kid, after.kid);
  for (const name of ['1', '2']) assert.equal((await verifyFile(files.path(name), { keys })).plaintextBytes, 4);

  for (const stranger of [
    keyringFileKeys(keyring, 'other', ['logs', 'backups']),
    keyringFileKeys(keyring, 'acme', []),
  ]) {
    await assert.rejects(verifyFile(files.path('1'), { keys: stranger }), {
      name: 'FilesError',
      code: 'ERR_KEY_UNKNOWN',
    });
  }
  const unnamed = sealFile(source, files.path('3'), { key: 'never made', keys });
  await assert.rejects(unnamed, { name: 'KeyringError', code: 'ERR_KEY_NOT_FOUND' });
  await keyring.close();
});

test('files under a compromised version open where the caller insists, and only there', async () => {
  await using files = await scratch();
  const source = await files.write('content', 'text');
  const keyring = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
  const id = { scope: 'acme', name: 'logs' };
  await keyring.create(id);
  const keys = keyringFileKeys(keyring, 'acme', ['logs']);
  await sealFile(source, files.path('1'), { key: 'logs', keys });
  await keyring.compromise(id, 1);

  await assert.rejects(verifyFile(files.path('1'), { keys }), { name: 'KeyringError', code: 'ERR_KEY_COMPROMISED' });
  const insisting = keyringFileKeys(keyring, 'acme', ['logs'], { allowCompromised: true });
  assert.equal((await verifyFile(files.path('1'), { keys: insisting })).plaintextBytes, 4);
  await keyring.close();
});
