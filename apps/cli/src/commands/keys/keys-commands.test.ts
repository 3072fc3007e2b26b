import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encryptionSettings, openEncryptionFrom } from '@bulwark/keyring';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { onTerminal } from '../../../testing/on-terminal.ts';
import { bulwark, jsonLines, startBulwark } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES, type Outcome } from '../../exit-codes.ts';

const PASSPHRASE = 'canary: correct horse battery';
const ROOT_KEY = 'Y2FuYXJ5IG9mIGEgcm9vdCBrZXksIDMyIGJ5dGVzISE=';

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${ROOT_KEY}\n`, { mode: 0o600 });
  await writeFile(at('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  await writeFile(at('other-passphrase'), 'canary: another passphrase', { mode: 0o600 });
  await writeFile(at('short'), 'canary', { mode: 0o600 });
  await writeFile(at('wide'), PASSPHRASE);
  await chmod(at('wide'), 0o644);
  assert.equal((await keys('create', 'taken')).code, 0);
  const made = await bulwark(['keys', 'create', 'first', '--key-dir', at('with-passphrase')], {
    ENCRYPTION_MASTER_PASSWORD: PASSPHRASE,
  });
  assert.equal(made.code, 0, made.stderr);
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const keyFileRoot = () => ['--root', 'key-file', '--root-key-file', at('root.key')];

/** A command on keys under a key file, which is quicker than a passphrase. */
function keys(...args: string[]) {
  return bulwark(['keys', ...args, '--key-dir', at('keys'), ...keyFileRoot()]);
}

async function events(...args: string[]) {
  const { code, stdout, stderr } = await keys(...args, '--json');
  assert.equal(code, 0, stdout + stderr);
  return jsonLines(stdout);
}

test('a key is made, rotated, retired, rotated because of that, and destroyed with a receipt', async () => {
  const [created] = await events('create', 'life', '--rotate-days', '30', '--rotate-uses', '500');
  assert.equal(created?.event, 'key-created');
  const policy = { rotateAfterMs: 30 * 86_400_000, rotateAfterUses: 500, expireAfterMs: null };
  assert.deepEqual(created?.policy, policy);

  assert.deepEqual((await events('rotate', 'life'))[0], { event: 'key-rotated', scope: '', name: 'life', version: 2 });
  const retired = await events('retire', 'life');
  assert.deepEqual(
    retired.map(({ event, version }) => [event, version]),
    [
      ['key-retired', 2],
      ['key-idle', undefined],
    ],
  );
  const [rotated, summary] = await events('rotate-expired');
  assert.deepEqual([rotated?.name, rotated?.version, rotated?.reason], ['life', 3, 'none-active']);
  assert.deepEqual(summary, { event: 'summary', rotated: 1, failed: 0 });
  const [shown] = await events('show', 'life');
  const states = (shown as { versions: { state: string }[] }).versions.map(({ state }) => state);
  assert.deepEqual(states, ['deactivated', 'deactivated', 'active']);

  const [destroyed] = await events('destroy', 'life', '1', '--confirm', 'life', '--reason', 'end of retention');
  const receipt = destroyed?.receipt as Record<string, unknown>;
  assert.deepEqual([receipt.version, receipt.reason, receipt.wasForced], [1, 'end of retention', false]);
  const all = await events('destroy', 'life', '--confirm', 'life', '--force');
  assert.equal(all.length, 2);
  const listed = (await events('list')).find(({ name }) => name === 'life');
  assert.equal(listed?.isDestroyed, true);
});

test('a compromised version is given up, and a data key rotated away from it', async () => {
  await events('create', 'leaked');
  assert.deepEqual(await events('compromise', 'leaked', '1', '--confirm', 'leaked'), [
    { event: 'key-compromised', scope: '', name: 'leaked', version: 1 },
    { event: 'key-rotated', scope: '', name: 'leaked', version: 2 },
  ]);
  const states = ((await events('show', 'leaked'))[0] as { versions: { state: string }[] }).versions;
  assert.deepEqual(
    states.map(({ state }) => state),
    ['compromised', 'active'],
  );
  await events('create', 'leaked-index', '--kind', 'index');
  const { stdout } = await keys('compromise', 'leaked-index', '1', '--confirm', 'leaked-index');
  assert.match(
    stdout,
    /^Version 1 of leaked-index is compromised: .*\nleaked-index seals nothing until it is rotated\.\n$/,
  );
});

test('for people, list is a line a key, and show tells versions and roots', async () => {
  const list = await keys('list');
  assert.match(list.stdout, /^taken +data +v1 +active +XAES-256-GCM$/m);
  const show = await keys('show', 'taken');
  assert.match(show.stdout, /^Key +taken$/m);
  assert.match(show.stdout, /v1 {2}active, XAES-256-GCM, made .*\n +kid [\w-]{24}\n +wrapped by local:/);
});

test('directories have mode 0700 and files 0600', async () => {
  for (const entry of await readdir(at('with-passphrase'), { recursive: true, withFileTypes: true })) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
  }
});

test('keys of the encryption service and of the command are the same, by the same settings', async () => {
  const env = { ENCRYPTION_KEY_PATH: at('service'), ENCRYPTION_MASTER_PASSWORD: PASSPHRASE };
  const made = await bulwark(['keys', 'create', 'mail'], { ...env, ENCRYPTION_ROTATION_INTERVAL_DAYS: '7' });
  assert.equal(made.code, 0, made.stderr);
  const service = await openEncryptionFrom(encryptionSettings(env));
  const { policy } = await service.describeKey('mail');
  assert.equal(policy.rotateAfterMs, 7 * 86_400_000);
  await service.createKey('by-service');
  await service.close();
  const { stdout } = await bulwark(['keys', 'list', '--json'], env);
  assert.deepEqual(
    jsonLines(stdout).map(({ name }) => name),
    ['by-service', 'mail'],
  );
});

test('keys of a scope are apart from those of another', async () => {
  await events('create', 'orders', '--scope', 'acme');
  await events('create', 'orders', '--scope', 'globex');
  assert.deepEqual(
    (await events('list', '--scope', 'acme')).map(({ scope, name }) => [scope, name]),
    [['acme', 'orders']],
  );
});

interface Refusal {
  readonly name: string;
  readonly args: () => string[];
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly outcome: Outcome;
  readonly says: RegExp;
}

const passphraseDir = () => ['--key-dir', at('with-passphrase')];
const REFUSALS: Refusal[] = [
  { name: 'no directory', args: () => ['list'], outcome: 'usage', says: /--key-dir DIR, or ENCRYPTION_KEY_PATH/ },
  {
    name: 'a directory that is not there',
    args: () => ['list', '--key-dir', at('nowhere')],
    outcome: 'configuration',
    says: /nowhere does not exist/,
  },
  {
    name: 'no passphrase, and no terminal to ask on',
    args: () => ['list', ...passphraseDir()],
    outcome: 'usage',
    says: /--passphrase-file FILE, ENCRYPTION_MASTER_PASSWORD, or a terminal/,
  },
  {
    name: 'another passphrase, from a file',
    args: () => ['list', ...passphraseDir(), '--passphrase-file', at('other-passphrase')],
    outcome: 'configuration',
    says: /not the one that this root was made with/,
  },
  {
    name: 'another passphrase, from standard input',
    args: () => ['list', ...passphraseDir(), '--passphrase-file', '-'],
    input: 'canary: typed wrongly\n',
    outcome: 'configuration',
    says: /not the one that this root was made with/,
  },
  {
    name: 'a passphrase file that others can read',
    args: () => ['list', ...passphraseDir(), '--passphrase-file', at('wide')],
    outcome: 'configuration',
    says: /chmod 600/,
  },
  {
    name: 'a new passphrase that is short',
    args: () => ['create', 'a', '--key-dir', at('short-dir'), '--passphrase-file', at('short')],
    outcome: 'usage',
    says: /at least 12 characters/,
  },
  {
    name: 'another root than the keys were wrapped with',
    args: () => ['show', 'first', ...passphraseDir(), ...keyFileRoot()],
    outcome: 'configuration',
    says: /none of the configured roots wrapped this key/,
  },
  {
    name: 'a new key under another kind of root than the others',
    args: () => ['create', 'a', '--key-dir', at('keys'), '--passphrase-file', at('passphrase')],
    outcome: 'configuration',
    says: /root\.json does not exist/,
  },
  {
    name: 'a root key file that is not there',
    args: () => ['list', '--key-dir', at('keys'), '--root', 'key-file', '--root-key-file', at('nowhere')],
    outcome: 'configuration',
    says: /nowhere does not exist; generate one with/,
  },
  {
    name: 'a root key in the environment that is none',
    args: () => ['list', '--key-dir', at('keys'), '--root', 'environment'],
    env: { BULWARK_ROOT_KEY: 'canary, not a key' },
    outcome: 'configuration',
    says: /BULWARK_ROOT_KEY is neither base64 nor hex/,
  },
  {
    name: 'a key ARN that is none',
    args: () => ['list', '--key-dir', at('keys'), '--root', 'aws-kms', '--kms-key', 'alias/mine'],
    outcome: 'configuration',
    says: /arn:aws:kms:REGION:ACCOUNT:key\/ID/,
  },
  {
    name: 'a PIN on the command line',
    args: () => [
      ...['list', '--key-dir', at('keys'), '--root', 'pkcs11'],
      '--kms-key',
      'pkcs11:token=t;object=o?module-path=/m&pin-value=canary',
    ],
    outcome: 'usage',
    says: /pin-value would show the PIN/,
  },
  {
    name: 'a key that is not there',
    args: () => ['show', 'nobody', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'failed',
    says: /there is no key nobody/,
  },
  {
    name: 'a name that is taken',
    args: () => ['create', 'taken', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'failed',
    says: /a key taken is or was there/,
  },
  {
    name: 'a version that is not there',
    args: () => ['retire', 'taken', '9', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'usage',
    says: /taken has no version 9/,
  },
  {
    name: 'an age that is none',
    args: () => ['create', 'a', '--rotate-days', 'soon', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'usage',
    says: /whole number from 1 to 3650/,
  },
  {
    name: 'a rotation setting that is none',
    args: () => ['create', 'a', '--key-dir', at('keys'), ...keyFileRoot()],
    env: { ENCRYPTION_ROTATION_INTERVAL_DAYS: 'monthly' },
    outcome: 'configuration',
    says: /ENCRYPTION_ROTATION_INTERVAL_DAYS must be a whole number/,
  },
  {
    name: 'compromising without confirmation',
    args: () => ['compromise', 'taken', '1', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'usage',
    says: /no way back from this; .*--confirm NAME/,
  },
  {
    name: 'destroying without confirmation',
    args: () => ['destroy', 'taken', '--force', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'usage',
    says: /--confirm NAME/,
  },
  {
    name: 'destroying with the name of another key',
    args: () => ['destroy', 'taken', '--confirm', 'first', '--force', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'usage',
    says: /--confirm NAME/,
  },
  {
    name: 'destroying what is in use',
    args: () => ['destroy', 'taken', '--confirm', 'taken', '--key-dir', at('keys'), ...keyFileRoot()],
    outcome: 'failed',
    says: /not destroyed: version 1 of key taken is active/,
  },
];

describe('keys refuses, in a line and without a secret:', () => {
  for (const { name, args, env, input, outcome, says } of REFUSALS) {
    test(name, async () => {
      const { code, stdout, stderr } = await bulwark(['keys', ...args()], env, input);
      assert.equal(code, EXIT_CODES[outcome].code, stderr);
      assert.match(stderr, says);
      assert.match(stderr, /^bulwark: .*\n$/);
      assert.doesNotMatch(stdout + stderr, /canary|Y2FuYXJ5/);
    });
  }
});

test('a directory that others may enter is refused, and how to mend it is said', async () => {
  await mkdir(at('open'), { mode: 0o700 });
  const made = await bulwark(['keys', 'create', 'a', '--key-dir', at('open'), ...keyFileRoot()]);
  assert.equal(made.code, 0, made.stderr);
  for (const path of [at('open'), at('open/keys'), at('open/keys/material')]) {
    await chmod(path, 0o755);
    for (const command of ['list', 'create b', 'doctor']) {
      const { code, stdout, stderr } = await bulwark([
        'keys',
        ...command.split(' '),
        '--key-dir',
        at('open'),
        ...keyFileRoot(),
      ]);
      assert.equal(code, EXIT_CODES[command === 'doctor' ? 'checksFailed' : 'configuration'].code, stderr);
      assert.match(stdout + stderr, /chmod 700/);
    }
    await chmod(path, 0o700);
  }
});

describe('of a file of the store that others may read, it is said which, and how to mend it, by', () => {
  const COMMANDS = ['list', 'show a', 'rotate a', 'rotate-expired', 'destroy a --confirm a --force'];
  before(async () => {
    const made = await bulwark(['keys', 'create', 'a', '--key-dir', at('wide-file'), ...keyFileRoot()]);
    assert.equal(made.code, 0, made.stderr);
  });
  for (const command of COMMANDS) {
    test(command, async () => {
      for (const folder of ['metadata', 'uses', 'material']) {
        const [file = ''] = await readdir(at(`wide-file/keys/${folder}`));
        const path = at(`wide-file/keys/${folder}/${file}`);
        await chmod(path, 0o640);
        const args = ['keys', ...command.split(' '), '--key-dir', at('wide-file'), ...keyFileRoot()];
        const { code, stderr } = await bulwark(args);
        await chmod(path, 0o600);
        assert.notEqual(code, 0);
        assert.ok(stderr.includes(`${path} has mode 0640, wider than 0600; run: chmod 600 ${path}\n`), stderr);
      }
    });
  }
});

describe('doctor', () => {
  const doctor = async (dir: string) => {
    const { code, stdout } = await bulwark(['keys', 'doctor', '--json', '--key-dir', at(dir), ...keyFileRoot()]);
    return { code, checks: jsonLines(stdout).filter(({ event }) => event === 'check') };
  };
  before(async () => {
    const made = await bulwark(['keys', 'create', 'a', '--key-dir', at('checked'), ...keyFileRoot()]);
    assert.equal(made.code, 0, made.stderr);
  });

  test('finds keys genuine', async () => {
    const { code, checks } = await doctor('checked');
    assert.equal(code, 0);
    assert.deepEqual(
      checks.map(({ id, state }) => [id, state]),
      [
        ['modes', 'ok'],
        ['root', 'ok'],
        ['key', 'ok'],
      ],
    );
  });

  test('warns of a key that is due', async () => {
    await bulwark(['keys', 'retire', 'a', '--key-dir', at('checked'), ...keyFileRoot()]);
    const { code, checks } = await doctor('checked');
    assert.equal(code, 0);
    assert.deepEqual([checks[2]?.state, checks[2]?.fix], ['warning', 'run: bulwark keys rotate-expired']);
  });

  test('fails a key whose metadata was changed, and the command that uses it too', async () => {
    const [file = ''] = await readdir(at('checked/keys/metadata'));
    const path = join(at('checked/keys/metadata'), file);
    const genuine = await readFile(path, 'utf8');
    await writeFile(path, genuine.replace('"deactivated"', '"active"'), { mode: 0o600 });
    const { code, checks } = await doctor('checked');
    assert.equal(code, EXIT_CODES.checksFailed.code);
    assert.match(String(checks[2]?.detail), /its metadata is not what was stored/);
    const shown = await bulwark(['keys', 'show', 'a', '--key-dir', at('checked'), ...keyFileRoot()]);
    assert.equal(shown.code, EXIT_CODES.failed.code);
    await writeFile(path, genuine, { mode: 0o600 });
  });

  test('fails where the root is another, and says nothing of keys then', async () => {
    await writeFile(at('other.key'), `${Buffer.alloc(32, 9).toString('base64')}\n`, { mode: 0o600 });
    const args = ['--json', '--key-dir', at('checked'), '--root', 'key-file', '--root-key-file', at('other.key')];
    const { code, stdout } = await bulwark(['keys', 'doctor', ...args]);
    assert.equal(code, EXIT_CODES.checksFailed.code);
    assert.deepEqual(jsonLines(stdout).at(-1), { event: 'summary', ok: 2, warnings: 0, failed: 1 });
  });
});

describe('on a terminal', () => {
  test('a new passphrase is asked for twice, and never shown', async () => {
    const terminal = onTerminal(['keys', 'create', 'a', '--key-dir', at('asked')]);
    await terminal.answer('Enter the passphrase of the keys: ', `${PASSPHRASE}\r`);
    await terminal.answer('once more: ', `${PASSPHRASE}\r`);
    const { code, shown } = await terminal.finished;
    assert.equal(code, 0, shown);
    assert.doesNotMatch(shown, /canary/);
    const listed = await bulwark(['keys', 'list', '--key-dir', at('asked')], {
      ENCRYPTION_MASTER_PASSWORD: PASSPHRASE,
    });
    assert.equal(listed.code, 0);
  });

  test('two different ones are refused, and nothing is made', async () => {
    const terminal = onTerminal(['keys', 'create', 'a', '--key-dir', at('mistyped')]);
    await terminal.answer('Enter the passphrase of the keys: ', `${PASSPHRASE}\r`);
    await terminal.answer('once more: ', `${PASSPHRASE}!\r`);
    assert.equal((await terminal.finished).code, EXIT_CODES.usage.code);
    assert.deepEqual(await readdir(at('mistyped')), []);
  });

  test('Ctrl-C at the question ends it', async () => {
    const terminal = onTerminal(['keys', 'list', '--key-dir', at('with-passphrase')]);
    await terminal.answer('Enter the passphrase of the keys: ', 'cana\x03');
    const { code, shown } = await terminal.finished;
    assert.equal(code, EXIT_CODES.interrupted.code);
    assert.doesNotMatch(shown, /cana/);
  });
});

test('the command line of a running command holds no secret', async () => {
  const started = startBulwark(
    ['keys', 'list', '--key-dir', at('with-passphrase'), '--passphrase-file', '-'],
    { BULWARK_ROOT_KEY: ROOT_KEY },
    null,
  );
  const commandLine = await readFile(`/proc/${started.process.pid}/cmdline`, 'utf8');
  started.process.stdin?.end(PASSPHRASE);
  const { code, stdout } = await started.finished;
  assert.equal(code, 0);
  assert.match(stdout, /^first /);
  assert.doesNotMatch(commandLine, /canary|Y2FuYXJ5/);
});
