import assert from 'node:assert/strict';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { generateKey } from '@bulwark/crypto';
import { UnsafeFileError } from '@bulwark/private-files';
import { tempDir } from '../../../testing/temp-dir.ts';
import { guardStore } from './key-loader.ts';
import { openKeys } from './keys.ts';
import { localRoot } from './root.ts';
import { fileStore } from './stores/file.ts';
import { memoryStore } from './stores/memory.ts';

const id = { scope: 'acme', name: 'orders' };

describe('a store that fails is unavailable, and its error says', () => {
  for (const folder of ['metadata', 'uses', 'material']) {
    test(`which file below ${folder} others may read, and the command that mends it`, async () => {
      await using directory = await tempDir();
      const store = await fileStore(directory.path);
      const keys = openKeys({ store, roots: [localRoot(generateKey())] });
      await keys.create(id);
      await keys.close();
      const [file = ''] = await readdir(join(directory.path, folder));
      const path = join(directory.path, folder, file);
      await chmod(path, 0o644);
      await assert.rejects(guardStore(store).read(id), (error: Error & { code?: unknown }) => {
        assert.equal(error.code, 'ERR_KEY_UNAVAILABLE');
        assert.ok(error.cause instanceof UnsafeFileError);
        assert.ok(error.message.endsWith(`${path} has mode 0644, wider than 0600; run: chmod 600 ${path}`));
        return true;
      });
    });
  }

  test('nothing of what a database said', async () => {
    const failing = { ...memoryStore(), read: () => Promise.reject(new Error('password=canary')) };
    await assert.rejects(guardStore(failing).read(id), {
      code: 'ERR_KEY_UNAVAILABLE',
      message: 'the key store does not answer',
    });
  });
});
