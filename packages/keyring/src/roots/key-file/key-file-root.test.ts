import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import { createKeyFile, keyFileRoot } from './key-file-root.ts';

async function setUp() {
  const directory = await tempDir();
  const at = (name: string) => path.join(directory.path, name);
  await createKeyFile(at('root.key'));
  const root = await keyFileRoot(at('root.key'));
  const secrets = [(await readFile(at('root.key'), 'utf8')).trim()];
  return { root, other: await createKeyFile(at('other.key')), secrets, close: directory.remove };
}

testRootProvider('a key file', setUp, { canBeAway: false });

describe('a key file', () => {
  let directory: TempDir;
  const at = (name: string) => path.join(directory.path, name);
  before(async () => {
    directory = await tempDir();
  });
  after(() => directory.remove());

  test('is created for its owner alone, and leaves nothing beside it', async () => {
    const created = await createKeyFile(at('fresh'));
    assert.equal((await stat(at('fresh'))).mode & 0o777, 0o600);
    assert.deepEqual(
      (await readdir(directory.path)).filter((name) => name.startsWith('fresh')),
      ['fresh'],
    );
    assert.equal((await keyFileRoot(at('fresh'))).id, created.id);
  });

  test('is never written over', async () => {
    const first = await createKeyFile(at('kept'));
    await assert.rejects(createKeyFile(at('kept')), { code: 'ERR_ROOT_CONFIG' });
    assert.equal((await keyFileRoot(at('kept'))).id, first.id);
  });

  test('is created once by eight at the same time', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => createKeyFile(at('raced'))));
    const created = attempts.filter((attempt) => attempt.status === 'fulfilled');
    assert.equal(created.length, 1);
    assert.equal((await keyFileRoot(at('raced'))).id, created[0]?.value.id);
  });

  test('that does not exist is told apart, with the command that makes one', async () => {
    await assert.rejects(keyFileRoot(at('nothing')), { code: 'ERR_ROOT_KEY_MISSING', message: /openssl rand/ });
  });

  test('that others may read is refused', async () => {
    await createKeyFile(at('wide'));
    await chmod(at('wide'), 0o640);
    await assert.rejects(keyFileRoot(at('wide')), { name: 'UnsafeFileError' });
  });

  const contents: { name: string; content: string | Buffer; code: string }[] = [
    { name: 'nothing', content: '', code: 'ERR_ROOT_KEY_MISSING' },
    { name: 'raw bytes', content: Buffer.alloc(32, 0xfe), code: 'ERR_ROOT_KEY_ENCODING' },
    { name: 'two lines', content: `${'ab'.repeat(32)}\n${'cd'.repeat(32)}\n`, code: 'ERR_ROOT_KEY_ENCODING' },
    { name: 'a key of 16 bytes', content: 'ab'.repeat(16), code: 'ERR_ROOT_KEY_FORMAT' },
  ];
  for (const { name, content, code } of contents) {
    test(`with ${name} in it is ${code}`, async () => {
      const file = at(`with ${name}`);
      await writeFile(file, content, { mode: 0o600 });
      await assert.rejects(keyFileRoot(file), (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        if (content.length > 0) assertTellsNothing([error], [content.toString().trim()]);
        return true;
      });
    });
  }
});
