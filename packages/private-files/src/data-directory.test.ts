import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureDataDirectory, whyNotPrivateDirectory } from './data-directory.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-data-'));
});
after(() => rm(directory, { recursive: true }));

test('ensureDataDirectory creates it with mode 0700, and finds it again', async () => {
  const path = join(directory, 'a', 'data');
  await ensureDataDirectory(path);
  await ensureDataDirectory(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
});

test('ensureDataDirectory refuses a wider mode with the command that mends it', async () => {
  const path = join(directory, 'wide');
  await mkdir(path);
  await chmod(path, 0o755);
  await assert.rejects(ensureDataDirectory(path), { name: 'UnsafeFileError', fix: `chmod 700 ${path}` });
});

test('ensureDataDirectory refuses a file in its place, and one on the way to it', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await assert.rejects(ensureDataDirectory(file), /file is not a directory$/);
  await assert.rejects(ensureDataDirectory(join(file, 'data')), /cannot be created: it is below something/);
});

test('a data directory of another user, root included, is refused', () => {
  assert.equal(whyNotPrivateDirectory('/data', { mode: 0o40700, uid: 0 }, 1000)?.fix, 'chown -R 1000 /data');
  assert.equal(whyNotPrivateDirectory('/data', { mode: 0o40700, uid: 1000 }, 1000), undefined);
});
