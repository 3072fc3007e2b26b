import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileStore, openKeys } from '@bulwark/keyring';
import { keyFileRoot } from '@bulwark/keyring/roots/key-file';
import { createPassphraseFile, openPassphraseFile } from '@bulwark/keyring/roots/passphrase';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, jsonLines } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

const OLD = 'canary: the old passphrase';
const NEW = 'canary: the new passphrase';

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const keyFile = (prefix = '') => [`--${prefix}root`, 'key-file', `--${prefix}root-key-file`, at('root.key')];

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await bulwark(args, env);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The state of a directory's checks under a root. */
async function doctor(dir: string, env: Record<string, string>, ...args: string[]) {
  const { stdout } = await bulwark(['keys', 'doctor', '--json', '--key-dir', at(dir), ...args], env);
  return jsonLines(stdout).flatMap(({ event, state }) => (event === 'check' ? [state] : []));
}

test('keys move to a new passphrase and on to a key file, and files sealed before still open', async () => {
  const dir = ['--key-dir', at('a')];
  await run(['keys', 'create', 'files', ...dir], { ENCRYPTION_MASTER_PASSWORD: OLD });
  await run(['keys', 'rotate', 'files', ...dir], { ENCRYPTION_MASTER_PASSWORD: OLD });
  await writeFile(at('plain'), 'what is in it');
  await run(['files', 'encrypt', at('plain'), '--key', 'files', ...dir], { ENCRYPTION_MASTER_PASSWORD: OLD });

  const env = { ENCRYPTION_MASTER_PASSWORD: OLD, ENCRYPTION_NEW_MASTER_PASSWORD: NEW };
  assert.match(await run(['keys', 'rewrap', ...dir], env), /^files\nThe keys are wrapped by local:/);
  assert.deepEqual(await doctor('a', { ENCRYPTION_MASTER_PASSWORD: OLD }), ['ok', 'failed']);
  assert.deepEqual(await doctor('a', { ENCRYPTION_MASTER_PASSWORD: NEW }), ['ok', 'ok', 'ok']);
  assert.deepEqual((await readdir(at('a'))).sort(), ['keys', 'root.json']);

  await run(['keys', 'rewrap', ...dir, ...keyFile('new-')], { ENCRYPTION_MASTER_PASSWORD: NEW });
  assert.deepEqual(await doctor('a', { ENCRYPTION_MASTER_PASSWORD: NEW }), ['ok', 'ok', 'failed']);
  assert.deepEqual(await doctor('a', {}, ...keyFile()), ['ok', 'ok', 'ok']);
  await run(['files', 'decrypt', at('plain.bwf'), '-o', at('back'), ...dir, ...keyFile()]);
});

describe('a rewrap to a new passphrase that was interrupted', () => {
  const dir = () => ['--key-dir', at('b')];
  before(async () => {
    await run(['keys', 'create', 'files', ...dir()], { ENCRYPTION_MASTER_PASSWORD: OLD });
    await createPassphraseFile(at('b/root.next.json'), NEW);
  });

  test('leaves the old one in force', async () => {
    assert.deepEqual(await doctor('b', { ENCRYPTION_MASTER_PASSWORD: OLD }), ['ok', 'ok', 'ok']);
  });

  test('is not mixed with another', async () => {
    const env = { ENCRYPTION_MASTER_PASSWORD: OLD, ENCRYPTION_NEW_MASTER_PASSWORD: `${NEW}!` };
    const { code, stderr } = await bulwark(['keys', 'rewrap', ...dir()], env);
    assert.equal(code, EXIT_CODES.configuration.code);
    assert.match(stderr, /interrupted had another new passphrase; give that one, or remove \S+root\.next\.json/);
    assert.doesNotMatch(stderr, /canary/);
  });

  test('is taken up with the same one', async () => {
    await run(['keys', 'rewrap', ...dir()], { ENCRYPTION_MASTER_PASSWORD: OLD, ENCRYPTION_NEW_MASTER_PASSWORD: NEW });
    assert.deepEqual(await doctor('b', { ENCRYPTION_MASTER_PASSWORD: NEW }), ['ok', 'ok', 'ok']);
  });
});

describe('a rewrap that was killed once the new record was in place is taken up with the same arguments,', () => {
  const WAYS = [
    {
      name: 'from a passphrase',
      dir: 'from-passphrase',
      args: () => [],
      openOld: () => openPassphraseFile(at('old.json'), OLD),
    },
    {
      name: 'from a key file',
      dir: 'from-key-file',
      args: () => keyFile(),
      openOld: () => keyFileRoot(at('root.key')),
    },
  ];
  before(() => createPassphraseFile(at('old.json'), OLD));
  for (const { name, dir, args, openOld } of WAYS) {
    test(name, async () => {
      // As it is then: one key is moved, another still opens with either root, and the record is there twice.
      await mkdir(at(dir), { mode: 0o700 });
      const old = await openOld();
      const next = await createPassphraseFile(at(`${dir}/root.next.json`), NEW);
      await writeFile(at(`${dir}/root.json`), await readFile(at(`${dir}/root.next.json`)), { mode: 0o600 });
      const store = await fileStore(at(`${dir}/keys`));
      await openKeys({ store, roots: [next] }).create({ scope: '', name: 'moved' });
      await openKeys({ store, roots: [old, next] }).create({ scope: '', name: 'with-both' });

      const env = { ENCRYPTION_MASTER_PASSWORD: OLD, ENCRYPTION_NEW_MASTER_PASSWORD: NEW };
      assert.match(await run(['keys', 'rewrap', '--key-dir', at(dir), ...args()], env), /^moved\nwith-both\nThe keys/);
      assert.deepEqual(await doctor(dir, { ENCRYPTION_MASTER_PASSWORD: NEW }), ['ok', 'ok', 'ok', 'ok']);
      assert.deepEqual((await readdir(at(dir))).sort(), ['keys', 'root.json']);
      const without = openKeys({ store, roots: [old] });
      await assert.rejects(without.describe({ scope: '', name: 'with-both' }), { code: 'ERR_ROOT_KEY_WRONG' });
    });
  }
});
