import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { encryptionSettings, localRoot, memoryStore } from '@bulwark/keyring';
import { type TempDir, tempDir } from '../../../testing/temp-dir.ts';
import { openEncryption, openEncryptionFrom } from './encryption.ts';

describe('the one-object service', () => {
  let directory: TempDir;
  const at = (name: string) => join(directory.path, name);
  before(async () => {
    directory = await tempDir();
    await writeFile(at('plain'), 'a letter, and some more of it');
  });
  after(() => directory.remove());

  test('does keys, data, fields and files, and goes on after rotation', async () => {
    const service = openEncryption({ store: memoryStore(), roots: [localRoot(generateKey())], autoRotation: false });
    await service.createKey('letters');
    const cell = { scope: 't1', table: 'letter', column: 'subject', row: '1' };
    const context = 'letter:1';
    const field = await service.encryptField('letters', cell, 'hello');
    const data = await service.encrypt('letters', { plaintext: Buffer.from('data'), context });
    await service.encryptFile('letters', at('plain'), at('sealed'));
    assert.equal(await service.rotateKey('letters'), 2);
    assert.deepEqual(await service.rotateExpiredKeys(), { rotated: [], failed: [] });

    assert.equal(await service.decryptField('letters', cell, field), 'hello');
    assert.equal((await service.decrypt('letters', { sealed: data, context })).toString(), 'data');
    await service.decryptFile('letters', at('sealed'), at('opened'));
    assert.deepEqual(await readFile(at('opened')), await readFile(at('plain')));
    assert.ok(!(await readFile(at('sealed'))).includes('letter'));
    await service.close();
  });

  test('opens a file with its own key only, and leaves nothing behind otherwise', async () => {
    const service = openEncryption({ store: memoryStore(), roots: [localRoot(generateKey())], autoRotation: false });
    await service.createKey('letters');
    await service.createKey('photos');
    await service.encryptFile('letters', at('plain'), at('sealed-2'));
    await assert.rejects(service.decryptFile('photos', at('sealed-2'), at('stolen')), { code: 'ERR_KEY_UNKNOWN' });
    assert.ok(!(await readdir(directory.path)).some((name) => name.includes('stolen')));
    await service.close();
  });

  test('finds its keys again by the settings of an environment', async () => {
    const settings = encryptionSettings({
      ENCRYPTION_MASTER_PASSWORD: 'correct horse battery staple',
      ENCRYPTION_KEY_PATH: at('keys'),
      ENCRYPTION_AUTO_ROTATION: 'false',
    });
    const first = await openEncryptionFrom(settings);
    await first.createKey('letters');
    await first.encryptFile('letters', at('plain'), at('sealed-3'));
    await first.close();
    const second = await openEncryptionFrom(settings);
    await second.decryptFile('letters', at('sealed-3'), at('opened-3'));
    assert.deepEqual(await readFile(at('opened-3')), await readFile(at('plain')));
    await second.close();
    const stranger = { ...settings, masterPassword: 'another password altogether' };
    await assert.rejects(openEncryptionFrom(stranger), { code: 'ERR_ROOT_KEY_WRONG' });
  });
});
