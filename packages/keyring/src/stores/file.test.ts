import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../testing/temp-dir.ts';
import { keysFixture } from '../../testing/keys-fixture.ts';
import { testStore } from '../../testing/store-suite.ts';
import { fileStore } from './file.ts';

const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };

describe('a store in files', () => {
  const dirs: TempDir[] = [];
  async function newDirectory(): Promise<string> {
    const dir = await tempDir();
    dirs.push(dir);
    return path.join(dir.path, 'keys');
  }
  async function filesOf(directory: string): Promise<string[]> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  }
  after(() => Promise.all(dirs.map((dir) => dir.remove())));

  testStore(async () => {
    const directory = await newDirectory();
    return { store: await fileStore(directory), again: () => fileStore(directory) };
  });

  test('has files for its owner alone', async () => {
    const directory = await newDirectory();
    const { keys } = keysFixture({ store: await fileStore(directory) });
    await keys.create(id);
    for (const file of await filesOf(directory)) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
    for (const folder of ['', 'metadata', 'uses', 'material']) {
      assert.equal((await stat(path.join(directory, folder))).mode & 0o777, 0o700);
    }
  });

  test('refuses files that others can read', async () => {
    const directory = await newDirectory();
    const { keys, again } = keysFixture({ store: await fileStore(directory) });
    await keys.create(id);
    const material = (await filesOf(directory)).find((file) => file.includes('/material/'))!;
    await chmod(material, 0o640);
    await assert.rejects(
      again().sealField(id, cell, 'x'),
      (error: Error) =>
        (error as { code?: string }).code === 'ERR_KEY_UNAVAILABLE' && /chmod 600/.test(String(error.cause)),
    );
  });

  test('keeps what is known of keys apart from what opens data', async () => {
    const directory = await newDirectory();
    const { keys, root } = keysFixture({ store: await fileStore(directory) });
    const { versions } = await keys.create(id);
    for (const file of await filesOf(directory)) {
      const text = await readFile(file, 'utf8');
      assert.equal(text.includes(root.id), file.includes('/material/'), file);
      if (file.includes('/metadata/')) assert.ok(text.includes(versions[0]!.kid));
    }
  });

  test('leaves no trace of a destroyed version', async () => {
    const directory = await newDirectory();
    const { keys } = keysFixture({ store: await fileStore(directory) });
    await keys.create(id);
    const before = await Promise.all((await filesOf(directory)).map((file) => readFile(file, 'utf8')));
    const wrapped = before.map((text) => /"wrapped":"([\w-]+)"/.exec(text)?.[1]).find((text) => text !== undefined);
    await keys.destroy(id, 'all', { confirm: id.name, reason: 'test', force: true });
    for (const file of await filesOf(directory)) {
      assert.equal((await readFile(file, 'utf8')).includes(wrapped!), false, file);
    }
    assert.deepEqual(await readdir(path.join(directory, 'material')), []);
  });

  test('says so of a file that was cut', async () => {
    const directory = await newDirectory();
    const { keys, again } = keysFixture({ store: await fileStore(directory) });
    await keys.create(id);
    const metadata = (await filesOf(directory)).find((file) => file.includes('/metadata/'))!;
    await writeFile(metadata, (await readFile(metadata)).subarray(0, 40));
    await assert.rejects(again().sealField(id, cell, 'x'), { code: 'ERR_KEY_ALTERED' });
  });
});
