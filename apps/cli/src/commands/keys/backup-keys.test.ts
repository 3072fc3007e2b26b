import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, jsonLines } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(at('passphrase'), 'canary: of the backup', { mode: 0o600 });
  await writeFile(at('other'), 'canary: of another one', { mode: 0o600 });
  await run('from', 'create', 'orders');
  await run('from', 'create', 'mail', '--suite', 'A256GCM');
  await bulwark(['files', 'keygen', '-o', at('id')]);
  await bulwark(['files', 'keygen', '-o', at('hybrid-id'), '--hybrid']);
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);

/** A `keys` command on one of several directories. */
function run(dir: string, ...args: string[]) {
  return bulwark(['keys', ...args, '--key-dir', at(dir), '--root', 'key-file', '--root-key-file', at('root.key')]);
}

async function kids(dir: string): Promise<unknown[]> {
  const { stdout } = await run(dir, 'list', '--json');
  return jsonLines(stdout).map((key) => [key.name, (key as { versions: { kid: string }[] }).versions[0]?.kid]);
}

describe('a backup gives the same keys to', () => {
  const WAYS = [
    {
      name: 'a passphrase',
      protect: ['--backup-passphrase-file', 'passphrase'],
      open: ['--backup-passphrase-file', 'passphrase'],
    },
    { name: 'a private key', protect: ['--recipient', 'id'], open: ['--identity', 'id'] },
    { name: 'a hybrid private key', protect: ['--recipient', 'hybrid-id'], open: ['--identity', 'hybrid-id'] },
  ];
  for (const { name, protect, open } of WAYS) {
    test(name, async () => {
      const there = ([flag, file]: string[]) => [flag!, at(file!)];
      const backup = at(`${open[1]}.backup`);
      const exported = await run('from', 'export', '-o', backup, ...there(protect));
      assert.equal(exported.code, 0, exported.stderr);
      assert.equal((await stat(backup)).mode & 0o777, 0o600);
      const digest = /when importing: ([0-9a-f]{64})$/m.exec(exported.stdout)?.[1] ?? '';
      const to = `to-${open[1]}`;
      const imported = await run(to, 'import', backup, ...there(open), '--digest', digest);
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stdout, /^Imported: mail, orders$/m);
      assert.deepEqual(await kids(to), await kids('from'));
      assert.match((await run(to, 'import', backup, ...there(open))).stdout, /^Here already: mail, orders$/m);
      assert.doesNotMatch(exported.stdout + imported.stdout + (await readFile(backup, 'utf8')), /canary/);
    });
  }

  test('as many custodians as the threshold says, and no fewer', async () => {
    const backup = at('split.backup');
    await run('from', 'export', '-o', backup, '--custodians', '3', '--threshold', '2');
    const shares = (await readdir(directory.path)).filter((name) => name.startsWith('split.backup.share-')).sort();
    assert.deepEqual(
      shares,
      [1, 2, 3].map((i) => `split.backup.share-${i}-of-3`),
    );
    for (const share of shares) assert.equal((await stat(at(share))).mode & 0o777, 0o600);
    const [one, , three] = shares.map((share) => ['--share', at(share)]);
    const tooFew = await run('to-few', 'import', backup, ...one!);
    assert.equal(tooFew.code, EXIT_CODES.failed.code);
    assert.match(tooFew.stderr, /2 different shares are needed, got 1/);
    const enough = await run('to-enough', 'import', backup, ...three!, ...one!);
    assert.equal(enough.code, 0, enough.stderr);
    assert.deepEqual(await kids('to-enough'), await kids('from'));
  });
});

describe('a backup is refused', () => {
  before(() => run('from', 'export', '-o', at('b'), '--backup-passphrase-file', at('passphrase')));
  const importB = (...args: string[]) => run('refused', 'import', at('b'), ...args);

  test('to another passphrase', async () => {
    const { code, stderr } = await importB('--backup-passphrase-file', at('other'));
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /wrong passphrase, key or shares, or the backup was changed/);
    assert.doesNotMatch(stderr, /canary/);
  });

  test('to a private key that it was not made for', async () => {
    const { code, stderr } = await importB('--identity', at('id'));
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /not made for this key/);
  });

  test('with another digest', async () => {
    const { code, stderr } = await importB('--backup-passphrase-file', at('passphrase'), '--digest', 'ab');
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /not the backup with the digest/);
  });

  test('when it was changed', async () => {
    const backup = JSON.parse(await readFile(at('b'), 'utf8'));
    await writeFile(at('b-changed'), JSON.stringify({ ...backup, createdAt: backup.createdAt + 1 }));
    const { code } = await run('refused', 'import', at('b-changed'), '--backup-passphrase-file', at('passphrase'));
    assert.equal(code, EXIT_CODES.failed.code);
  });

  test('when something else has the name of a key, which stays as it is', async () => {
    await run('conflict', 'create', 'orders');
    const before = await kids('conflict');
    const { code, stdout } = await run('conflict', 'import', at('b'), '--backup-passphrase-file', at('passphrase'));
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stdout, /^Not imported, since another key has the name here: orders$/m);
    assert.deepEqual((await kids('conflict')).at(-1), before[0]);
  });
});

describe('--force replaces a backup', () => {
  const split = (file: string) => ['export', '-o', at(file), '--custodians', '2', '--threshold', '2'];
  const left = async () => (await readdir(directory.path)).filter((name) => name.endsWith('.tmp'));

  test('and its shares', async () => {
    for (const args of [split('renewed'), [...split('renewed'), '--force']]) {
      const { code, stderr } = await run('from', ...args);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(await left(), []);
    for (const file of ['renewed', 'renewed.share-1-of-2']) assert.equal((await stat(at(file))).mode & 0o777, 0o600);
    const shares = [1, 2].flatMap((i) => ['--share', at(`renewed.share-${i}-of-2`)]);
    const { code, stderr } = await run('to-renewed', 'import', at('renewed'), ...shares);
    assert.equal(code, 0, stderr);
  });

  // 13 more for the name of a share: a file system takes 255.
  const cases = [
    { where: 'there is a directory', name: 'kept', says: /kept\.share-2-of-2 is a directory/ },
    { where: 'its name is too long', name: 'k'.repeat(250), says: /\.share-1-of-2 cannot be used \(ENAMETOOLONG\)/ },
  ];
  for (const { where, name, says } of cases) {
    test(`not before each share has a place: where ${where}, the older backup stays`, async () => {
      await run('from', 'export', '-o', at(name), '--backup-passphrase-file', at('passphrase'));
      const older = await readFile(at(name), 'utf8');
      if (name === 'kept') await mkdir(at(`${name}.share-2-of-2`));
      const { code, stderr } = await run('from', ...split(name), '--force');
      assert.equal(code, EXIT_CODES.failed.code);
      assert.match(stderr, says);
      assert.equal(await readFile(at(name), 'utf8'), older);
      assert.deepEqual(await left(), []);
      assert.ok(!(await readdir(directory.path)).includes(`${name}.share-1-of-2`));
    });
  }
});

describe('no backup is written', () => {
  test('over a file that is there, nor its shares', async () => {
    await writeFile(at('precious'), 'mine');
    const { code, stderr } = await run('from', 'export', '-o', at('precious'), '--custodians', '2', '--threshold', '2');
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /precious is there already/);
    assert.equal(await readFile(at('precious'), 'utf8'), 'mine');
    assert.deepEqual(
      (await readdir(directory.path)).filter((name) => name.startsWith('precious.')),
      [],
    );
  });

  test('where a share cannot be', async () => {
    await writeFile(at('half.share-2-of-2'), 'in the way');
    const { code } = await run('from', 'export', '-o', at('half'), '--custodians', '2', '--threshold', '2');
    assert.equal(code, EXIT_CODES.failed.code);
    assert.deepEqual(
      (await readdir(directory.path)).filter((name) => name.startsWith('half')),
      ['half.share-2-of-2'],
    );
  });

  test('that nobody could open', async () => {
    const { code, stderr } = await run('from', 'export', '-o', at('nobody'));
    assert.equal(code, EXIT_CODES.usage.code);
    assert.match(stderr, /--backup-passphrase, --recipient KEY, or --custodians N/);
  });
});
