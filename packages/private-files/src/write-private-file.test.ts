import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writePrivateFile } from './write-private-file.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-write-'));
});
after(() => rm(directory, { recursive: true }));

test('writePrivateFile creates a file of mode 0600', async () => {
  const path = join(directory, 'new');
  await writePrivateFile(path, 'one');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await readFile(path, 'utf8'), 'one');
});

test('writePrivateFile replaces a wider file with a private one and leaves nothing beside it', async () => {
  const path = join(directory, 'old');
  await writeFile(path, 'old');
  await chmod(path, 0o644);
  await writePrivateFile(path, Buffer.from([1, 2, 3]));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual([...(await readFile(path))], [1, 2, 3]);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('writePrivateFile says which file it could not write', () =>
  assert.rejects(writePrivateFile(join(directory, 'no', 'file'), ''), /no\/file does not exist$/));
