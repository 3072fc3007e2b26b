import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkPrivateFile, readPrivateFile, whyNotPrivate } from './private-file.ts';
import { UnsafeFileError } from './unsafe-file-error.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-files-'));
});
after(() => rm(directory, { recursive: true }));

async function fileOfMode(mode: number): Promise<string> {
  const path = join(directory, `mode-${mode.toString(8)}`);
  await writeFile(path, 'content');
  await chmod(path, mode);
  return path;
}

describe('a private file is accepted with mode', () => {
  for (const mode of [0o600, 0o400]) {
    test(mode.toString(8), async () => {
      const path = await fileOfMode(mode);
      await checkPrivateFile(path);
      assert.equal((await readPrivateFile(path)).toString(), 'content');
    });
  }
});

describe('a private file is refused, with the command that mends it, for mode', () => {
  for (const mode of [0o640, 0o644, 0o604, 0o620, 0o666, 0o700, 0o777]) {
    test(mode.toString(8), async () => {
      const path = await fileOfMode(mode);
      await assert.rejects(readPrivateFile(path), { name: 'UnsafeFileError', path, fix: `chmod 600 ${path}` });
    });
  }
});

describe('a private file is refused', () => {
  test('when it is missing', () =>
    assert.rejects(checkPrivateFile(join(directory, 'nothing')), /nothing does not exist$/));

  test('when it is a symbolic link, even to a private file', async () => {
    const link = join(directory, 'link');
    await symlink(await fileOfMode(0o600), link);
    await assert.rejects(checkPrivateFile(link), /symbolic link; name the file itself/);
  });

  test('when it is a directory', () => assert.rejects(checkPrivateFile(directory), /not a regular file/));

  test('when another user owns it', () => {
    const problem = whyNotPrivate('/etc/bulwark.yaml', { mode: 0o100600, uid: 1001 }, 1000);
    assert.ok(problem instanceof UnsafeFileError);
    assert.equal(problem.fix, 'chown 1000 /etc/bulwark.yaml');
  });
});

test('a file of root is private enough for a service user', () =>
  assert.equal(whyNotPrivate('/run/key', { mode: 0o100400, uid: 0 }, 1000), undefined));

test('the mending command quotes a path with a blank', () => {
  const problem = whyNotPrivate("/my files/it's.key", { mode: 0o100644, uid: 0 }, 0);
  assert.equal(problem?.fix, String.raw`chmod 600 '/my files/it'\''s.key'`);
});
