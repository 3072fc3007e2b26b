import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPassphraseFile } from '@bulwark/keyring/roots/passphrase';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, jsonLines } from '../../../testing/run-bulwark.ts';
import { startVaultTransit } from '../../../testing/vault-transit.ts';
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

test('keys move to a root on the network, whose token is in the environment', async () => {
  await using vault = await startVaultTransit();
  const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.token };
  await run(['keys', 'create', 'files', '--key-dir', at('c'), ...keyFile()]);
  const target = ['--new-root', 'vault-transit', '--new-kms-key', 'transit/root'];
  await run(['keys', 'rewrap', '--key-dir', at('c'), ...keyFile(), ...target], env);
  const root = ['--root', 'vault-transit', '--kms-key', 'root'];
  assert.deepEqual(await doctor('c', env, ...root), ['ok', 'ok', 'ok']);
  assert.deepEqual(await doctor('c', { ...env, VAULT_TOKEN: 'hvs.another' }, ...root), ['ok', 'ok', 'failed']);
  const { code, stderr } = await bulwark(['keys', 'list', '--key-dir', at('c'), ...root], { VAULT_ADDR: vault.url });
  assert.equal(code, EXIT_CODES.configuration.code);
  assert.match(stderr, /needs VAULT_TOKEN/);
});
