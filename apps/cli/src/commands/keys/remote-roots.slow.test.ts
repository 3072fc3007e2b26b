import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, jsonLines } from '../../../testing/run-bulwark.ts';
import { type ServedRoot, serveRoot } from '../../../testing/served-root.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

const CONTENT = randomBytes(100_000);

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(at('plain'), CONTENT);
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const keyFile = (prefix = '') => [`--${prefix}root`, 'key-file', `--${prefix}root-key-file`, at('root.key')];

interface RemoteRoot {
  readonly kind: string;
  /** How its identifier begins, which keys keep. */
  readonly id: string;
  /** A credential that it refuses. */
  readonly wrong: Readonly<Record<string, string>>;
}

const ROOTS: RemoteRoot[] = [
  { kind: 'aws-kms', id: 'aws-kms:aws:eu-west-1:', wrong: { AWS_SECRET_ACCESS_KEY: 'canary' } },
  { kind: 'google-kms', id: 'google-kms:projects/', wrong: { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' } },
  { kind: 'azure-key-vault', id: 'azure-key-vault:127.0.0.1:', wrong: { AZURE_KEY_VAULT_TOKEN: 'canary' } },
  { kind: 'vault-transit', id: 'vault-transit:127.0.0.1:', wrong: { VAULT_TOKEN: 'hvs.canary' } },
  { kind: 'pkcs11', id: 'pkcs11:token=', wrong: { PKCS11_PIN: 'canary' } },
];

for (const { kind, id, wrong } of ROOTS) {
  describe(`under the root ${kind}`, () => {
    let served: ServedRoot;
    before(async () => {
      served = await serveRoot(kind);
      await mkdir(at(kind), { mode: 0o700 });
    });
    after(() => served[Symbol.asyncDispose]());

    const inDir = (name: string) => at(`${kind}/${name}`);
    const keyDir = (name: string) => ['--key-dir', inDir(name)];
    const remote = (which: 0 | 1, prefix = '') => [
      ...[`--${prefix}root`, kind],
      ...[`--${prefix}kms-key`, served.keys[which]],
    ];

    async function attempt(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const result = await bulwark(args, { ...served.env, ...env });
      for (const secret of [...served.secrets, ...Object.values(wrong)]) {
        assert.ok(!(result.stdout + result.stderr).includes(secret), 'shows a credential');
      }
      return result;
    }
    async function run(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await attempt(args);
      assert.equal(code, 0, stderr);
      return stdout;
    }

    test('keys are made, rotated, listed and found genuine', async () => {
      await run('keys', 'create', 'orders', ...keyDir('made'), ...remote(0));
      await run('keys', 'rotate', 'orders', ...keyDir('made'), ...remote(0));
      const [key] = jsonLines(await run('keys', 'list', '--json', ...keyDir('made'), ...remote(0)));
      const { versions } = key as { versions: { wrappedBy: string[] }[] };
      assert.equal(versions.length, 2);
      for (const { wrappedBy } of versions) assert.ok(wrappedBy[0]?.startsWith(id), wrappedBy[0]);
      assert.match(await run('keys', 'doctor', ...keyDir('made'), ...remote(0)), /3 ok, 0 warnings, 0 failed/);
    });

    test('files are encrypted and decrypted', async () => {
      await run('keys', 'create', 'backups', ...keyDir('files'), ...remote(0));
      const sealed = inDir('sealed');
      await run('files', 'encrypt', at('plain'), '-o', sealed, '--key', 'backups', ...keyDir('files'), ...remote(0));
      await run('files', 'decrypt', sealed, '-o', inDir('opened'), ...keyDir('files'), ...remote(0));
      assert.deepEqual(await readFile(inDir('opened')), CONTENT);
    });

    test('keys come from a key file, go to another key there, and back; what they sealed opens all the while', async () => {
      const move = (from: string[], to: string[]) => run('keys', 'rewrap', ...keyDir('moved'), ...from, ...to);
      const opens = async (root: string[]) => {
        await run('files', 'verify', inDir('before'), ...keyDir('moved'), ...root);
        assert.match(await run('keys', 'list', ...keyDir('moved'), ...root), /^orders /m);
      };
      const isRefused = async (root: string[]) => {
        const { code, stderr } = await attempt(['keys', 'list', ...keyDir('moved'), ...root]);
        assert.equal(code, EXIT_CODES.failed.code);
        assert.match(stderr, /none of the configured roots wrapped this key/);
      };
      await run('keys', 'create', 'orders', ...keyDir('moved'), ...keyFile());
      const toSeal = ['files', 'encrypt', at('plain'), '-o', inDir('before'), '--key', 'orders'];
      await run(...toSeal, ...keyDir('moved'), ...keyFile());

      await move(keyFile(), remote(0, 'new-'));
      await opens(remote(0));
      await isRefused(keyFile());
      await move(remote(0), remote(1, 'new-'));
      await opens(remote(1));
      await isRefused(remote(0));
      await move(remote(1), keyFile('new-'));
      await opens(keyFile());
      await isRefused(remote(1));
    });

    test('a credential that is refused is not shown, and the keys are left as they are', async () => {
      await run('keys', 'create', 'kept', ...keyDir('kept'), ...keyFile());
      const args = ['keys', 'rewrap', '--json', ...keyDir('kept'), ...keyFile(), ...remote(0, 'new-')];
      const { code, stdout } = await attempt(args, wrong);
      assert.equal(code, EXIT_CODES.failed.code);
      const [failed] = jsonLines(stdout);
      assert.deepEqual([failed?.event, failed?.name, failed?.code], ['key-failed', 'kept', 'ERR_ROOT_DENIED']);
      assert.match(await run('keys', 'list', ...keyDir('kept'), ...keyFile()), /^kept /m);
    });
  });
}

describe('a root says what it needs:', () => {
  const cases = [
    { kind: 'aws-kms', args: [], outcome: 'usage', says: /needs --kms-key/ },
    { kind: 'azure-key-vault', args: [], outcome: 'usage', says: /needs --kms-key/ },
    {
      kind: 'azure-key-vault',
      args: ['--kms-key', 'https://acme.vault.azure.net/keys/root'],
      env: { AZURE_KEY_VAULT_TOKEN: 'canary' },
      outcome: 'configuration',
      says: /with its version/,
    },
    {
      kind: 'azure-key-vault',
      args: ['--kms-key', 'https://acme.vault.azure.net/keys/root/0123456789abcdef0123456789abcdef'],
      outcome: 'configuration',
      says: /needs AZURE_KEY_VAULT_TOKEN in the environment/,
    },
    {
      kind: 'google-kms',
      args: ['--kms-key', 'projects/p/locations/l/keyRings/r/cryptoKeys/k'],
      env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: 'http://kms.example/' },
      outcome: 'configuration',
      says: /endpoint must be an https address, or http to this machine/,
    },
    {
      kind: 'vault-transit',
      args: ['--kms-key', 'root'],
      env: { VAULT_ADDR: 'https://vault.example' },
      outcome: 'configuration',
      says: /needs VAULT_TOKEN in the environment/,
    },
    {
      kind: 'pkcs11',
      args: ['--kms-key', 'pkcs11:token=t;object=o?module-path=/m'],
      outcome: 'usage',
      says: /the PIN of the token is needed: .*PKCS11_PIN/,
    },
  ] as const;
  before(async () => {
    const { code, stderr } = await bulwark(['keys', 'create', 'a', '--key-dir', at('any'), ...keyFile()]);
    assert.equal(code, 0, stderr);
  });
  for (const { kind, args, outcome, says, ...more } of cases) {
    test(`${kind}, ${says.source}`, async () => {
      const env = 'env' in more ? more.env : {};
      const all = ['keys', 'list', '--key-dir', at('any'), '--root', kind, ...args];
      const { code, stderr } = await bulwark(all, env);
      assert.equal(code, EXIT_CODES[outcome].code, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /canary/);
    });
  }
});

describe('the token of Azure Key Vault from a file', () => {
  let served: ServedRoot;
  const file = () => at('azure-token');
  const list = () => {
    const root = ['--root', 'azure-key-vault', '--kms-key', served.keys[0]];
    return bulwark(['keys', 'create', 'a', '--key-dir', at('by-file'), ...root], {
      AZURE_KEY_VAULT_TOKEN_FILE: file(),
    });
  };
  before(async () => {
    served = await serveRoot('azure-key-vault');
    await writeFile(file(), `${served.env.AZURE_KEY_VAULT_TOKEN}\n`, { mode: 0o600 });
  });
  after(() => served[Symbol.asyncDispose]());

  test('is refused where others can read it', async () => {
    await chmod(file(), 0o640);
    const { code, stderr } = await list();
    assert.equal(code, EXIT_CODES.configuration.code);
    assert.match(stderr, /azure-token has mode 0640, wider than 0600; run: chmod 600/);
    await chmod(file(), 0o600);
  });

  test('opens the root', async () => {
    const { code, stderr } = await list();
    assert.equal(code, 0, stderr);
  });
});
