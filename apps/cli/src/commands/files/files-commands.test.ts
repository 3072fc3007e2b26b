import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { waitFor } from '../../../../../testing/wait-for.ts';
import { onTerminal } from '../../../testing/on-terminal.ts';
import { bulwark, jsonLines, startBulwark } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES, type Outcome } from '../../exit-codes.ts';

const CONTENT = randomBytes(200_000);

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(at('passphrase'), 'canary: of the files', { mode: 0o600 });
  await writeFile(at('other'), 'canary: of other files', { mode: 0o600 });
  await run(['keys', 'create', 'backups', ...store()]);
  await run(['files', 'keygen', '-o', at('id')]);
  await run(['files', 'keygen', '-o', at('id2')]);
  await run(['files', 'keygen', '-o', at('hybrid'), '--hybrid']);
  await mkdir(at('tree/a/empty'), { recursive: true });
  await writeFile(at('tree/a/one.txt'), 'canary in a file');
  await writeFile(at('tree/none'), '');
  await writeFile(at('tree/large'), CONTENT);
  await writeFile(at('plain'), CONTENT);
  await run(['files', 'encrypt', at('plain'), '-o', at('sealed'), '--recipient', at('id')]);
  await run([
    'files',
    'encrypt',
    at('plain'),
    '-o',
    at('locked'),
    '--passphrase',
    '--passphrase-file',
    at('passphrase'),
  ]);
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const store = () => ['--key-dir', at('keys'), '--root', 'key-file', '--root-key-file', at('root.key')];

async function run(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await bulwark(args);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout + stderr, /canary/);
  return stdout;
}

describe('a directory is encrypted, inspected, verified and decrypted', () => {
  const WAYS = [
    { name: 'by key', seal: () => ['--key', 'backups', ...store()], open: store, says: /the key with kid [\w-]{24}/ },
    {
      name: 'to a public key',
      seal: () => ['--recipient', at('id')],
      open: () => ['--identity', at('id')],
      says: /the private key of the x25519 public key [0-9a-f]{32}/,
    },
    {
      name: 'to several, of whom any opens',
      seal: () => ['--recipient', at('id'), '--recipient', at('hybrid')],
      open: () => ['--identity', at('id2'), '--identity', at('hybrid')],
      says: /of the hybrid public key/,
    },
    {
      name: 'under a passphrase',
      seal: () => ['--passphrase', '--passphrase-file', at('passphrase')],
      open: () => ['--passphrase-file', at('passphrase')],
      says: /a passphrase \(\$argon2id/,
    },
  ];
  for (const [i, { name, seal, open, says }] of WAYS.entries()) {
    test(name, async () => {
      const [sealed, back] = [at(`sealed-${i}`), at(`back-${i}`)];
      assert.match(
        await run(['files', 'encrypt', at('tree'), '-o', sealed, ...seal()]),
        /^Encrypted 3 files, 195 KiB\.$/m,
      );
      assert.deepEqual((await readdir(sealed, { recursive: true })).sort(), [
        'a',
        'a/empty',
        'a/one.txt.bwf',
        'large.bwf',
        'none.bwf',
      ]);
      for (const file of ['a/one.txt.bwf', 'large.bwf']) {
        assert.equal((await stat(join(sealed, file))).mode & 0o777, 0o600);
        assert.doesNotMatch((await readFile(join(sealed, file))).toString('latin1'), /canary|one\.txt/);
      }
      assert.match(await run(['files', 'inspect', sealed]), says);
      assert.match(await run(['files', 'verify', sealed, ...open()]), /^Verified 3 files/);
      assert.match(await run(['files', 'decrypt', sealed, '-o', back, ...open()]), /^Decrypted 3 files/);
      execFileSync('diff', ['-r', at('tree'), back]);
    });
  }
});

test('without -o files are beside their sources, and a second run leaves out what is sealed', async () => {
  await mkdir(at('beside'));
  await writeFile(at('beside/x'), 'x');
  assert.match(
    await run(['files', 'encrypt', at('beside'), '--recipient', at('id')]),
    /beside\/x into .*beside\/x\.bwf, 1 B/,
  );
  const again = await bulwark(['files', 'encrypt', at('beside'), '--recipient', at('id'), '--force', '--json']);
  assert.deepEqual(jsonLines(again.stdout).at(-1), { event: 'summary', done: 1, failed: 0, bytes: 1 });
  assert.deepEqual((await readdir(at('beside'))).sort(), ['x', 'x.bwf']);
});

test('several paths go into one directory, each by its name', async () => {
  await run(['files', 'encrypt', at('tree'), at('plain'), '-o', at('both'), '--recipient', at('id')]);
  assert.deepEqual((await readdir(at('both'))).sort(), ['plain.bwf', 'tree']);
  assert.ok((await readdir(at('both/tree'))).includes('large.bwf'));
});

test('--remove-source removes what was encrypted, and nothing that failed', async () => {
  await mkdir(at('moved'));
  for (const name of ['x', 'y']) await writeFile(at(`moved/${name}`), name);
  await writeFile(at('moved/y.bwf'), 'in the way, and not sealed');
  const { code, stderr } = await bulwark(['files', 'encrypt', at('moved'), '--recipient', at('id'), '--remove-source']);
  assert.equal(code, EXIT_CODES.failed.code);
  assert.match(stderr, /moved\/y: .*y\.bwf is there already/);
  const left = await readdir(at('moved'));
  assert.ok(left.includes('y') && left.includes('x.bwf') && !left.includes('x'), left.join());
});

test('what cannot be read is passed over and told, and the rest is done', async () => {
  await mkdir(at('mixed'));
  await writeFile(at('mixed/good'), 'good');
  await symlink('/etc/hostname', at('mixed/link'));
  execFileSync('mkfifo', [at('mixed/pipe')]);
  const { code, stdout, stderr } = await bulwark([
    'files',
    'encrypt',
    at('mixed'),
    '-o',
    at('m'),
    '--recipient',
    at('id'),
  ]);
  assert.equal(code, EXIT_CODES.failed.code);
  assert.match(stderr, /link: is a symbolic link\n.*pipe: is not a regular file/);
  assert.match(stdout, /^Encrypted 1 file, 4 B; 2 not done\.$/m);
  assert.deepEqual(await readdir(at('m')), ['good.bwf']);
});

test('a damaged file among good ones is told, has no target, and the others are decrypted', async () => {
  await run(['files', 'encrypt', at('tree'), '-o', at('damaged'), '--recipient', at('id')]);
  const bytes = await readFile(at('damaged/large.bwf'));
  bytes[100_000]! ^= 1;
  await writeFile(at('damaged/large.bwf'), bytes);
  const { code, stdout } = await bulwark([
    'files',
    'decrypt',
    at('damaged'),
    '-o',
    at('rescued'),
    '--identity',
    at('id'),
    '--json',
  ]);
  assert.equal(code, EXIT_CODES.failed.code);
  const failed = jsonLines(stdout).find(({ event }) => event === 'file-failed');
  assert.deepEqual([failed?.path, failed?.code], [at('damaged/large.bwf'), 'ERR_OPEN_FAILED']);
  assert.deepEqual((await readdir(at('rescued'))).sort(), ['a', 'none']);
});

describe('standard input and output', () => {
  const WAYS = [
    { name: 'by key', seal: () => ['--key', 'backups', ...store()], open: store },
    { name: 'to a public key', seal: () => ['--recipient', at('id')], open: () => ['--identity', at('id')] },
    {
      name: 'under a passphrase',
      seal: () => ['--passphrase', '--passphrase-file', at('passphrase')],
      open: () => ['--passphrase', '--passphrase-file', at('passphrase')],
    },
  ];
  for (const { name, seal, open } of WAYS) {
    test(`carry a file, ${name}`, async () => {
      const sealed = await bulwark(['files', 'encrypt', '-', ...seal()], {}, CONTENT);
      assert.equal(sealed.code, 0, sealed.stderr);
      const opened = await bulwark(['files', 'decrypt', '-', ...open()], {}, sealed.stdoutBytes);
      assert.equal(opened.code, 0, opened.stderr);
      assert.ok(opened.stdoutBytes.equals(CONTENT));
      assert.equal((await bulwark(['files', 'verify', '-', ...open()], {}, sealed.stdoutBytes)).code, 0);
    });
  }

  test('go with files on the other side', async () => {
    const sealed = await bulwark(['files', 'encrypt', at('plain'), '-o', '-', '--recipient', at('id')]);
    const opened = await bulwark(
      ['files', 'decrypt', '-', '-o', at('from-stdin'), '--identity', at('id')],
      {},
      sealed.stdoutBytes,
    );
    assert.equal(opened.code, 0, opened.stderr);
    assert.deepEqual(await readFile(at('from-stdin')), CONTENT);
    const shown = await bulwark(['files', 'decrypt', at('sealed'), '-o', '-', '--identity', at('id')]);
    assert.ok(shown.stdoutBytes.equals(CONTENT));
  });

  test('a file that was cut gives nothing at all, and a stream ends in failure', async () => {
    const bytes = (await readFile(at('sealed'))).subarray(0, -1000);
    await writeFile(at('cut'), bytes);
    const file = await bulwark(['files', 'decrypt', at('cut'), '-o', '-', '--identity', at('id')]);
    assert.deepEqual([file.code, file.stdoutBytes.length], [EXIT_CODES.failed.code, 0]);
    const stream = await bulwark(['files', 'decrypt', '-', '--identity', at('id')], {}, bytes);
    assert.equal(stream.code, EXIT_CODES.failed.code);
    const target = await bulwark(['files', 'decrypt', '-', '-o', at('cut-target'), '--identity', at('id')], {}, bytes);
    assert.equal(target.code, EXIT_CODES.failed.code);
    assert.deepEqual(
      (await readdir(directory.path)).filter((name) => /cut-target|\.part$/.test(name)),
      [],
    );
  });
});

describe('a file under a compromised version of a key', () => {
  const keyDir = () => ['--key-dir', at('compromised'), '--root', 'key-file', '--root-key-file', at('root.key')];
  const file = () => at('under-compromised.bwf');
  before(async () => {
    await run(['keys', 'create', 'leaked', ...keyDir()]);
    await run(['files', 'encrypt', at('plain'), '-o', file(), '--key', 'leaked', ...keyDir()]);
    await run(['files', 'encrypt', at('tree'), '-o', at('tree-compromised'), '--key', 'leaked', ...keyDir()]);
    await run(['keys', 'compromise', 'leaked', '1', '--confirm', 'leaked', ...keyDir()]);
  });

  test('is not decrypted unasked', async () => {
    const { code, stderr } = await bulwark(['files', 'decrypt', file(), '-o', at('no'), ...keyDir()]);
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /^bulwark: version 1 of key leaked is compromised; --allow-compromised opens it\n$/);
  });

  test('is decrypted with --allow-compromised, and a warning', async () => {
    const args = ['files', 'decrypt', file(), '-o', at('rescued-one'), '--allow-compromised', ...keyDir()];
    const { code, stderr } = await bulwark(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^bulwark: warning: version 1 of leaked is compromised; whoever has it can have made .*\n$/);
    assert.deepEqual(await readFile(at('rescued-one')), CONTENT);
  });

  test('is one of many for which there is one event', async () => {
    const args = ['verify', at('tree-compromised'), '--allow-compromised', '--json'];
    const { code, stdout } = await bulwark(['files', ...args, ...keyDir()]);
    assert.equal(code, 0, stdout);
    const events = jsonLines(stdout).filter(({ event }) => event === 'opened-compromised');
    assert.deepEqual(events, [{ event: 'opened-compromised', scope: '', name: 'leaked', version: 1 }]);
    assert.equal(jsonLines(stdout).at(-1)?.done, 3);
  });
});

describe('a directory without a sealed file is told, and nothing is made, by', () => {
  before(() => mkdir(at('unsealed/below'), { recursive: true }));
  for (const args of [['decrypt', '-o', 'no'], ['verify'], ['inspect']]) {
    test(args.join(' '), async () => {
      await writeFile(at('unsealed/below/x'), 'x');
      const [command = '', ...more] = args;
      const given = ['files', command, at('unsealed'), ...more.map((each) => (each === 'no' ? at('no') : each))];
      const { code, stderr } = await bulwark(given);
      assert.equal(code, EXIT_CODES.failed.code);
      assert.match(stderr, /^bulwark: \S+\/unsealed: has no file below it that ends in \.bwf\n$/);
      assert.ok(!(await readdir(directory.path)).includes('no'));
    });
  }

  test('decrypt of it and of a file, which is decrypted', async () => {
    const { code, stdout } = await bulwark([
      ...['files', 'decrypt', at('unsealed'), at('sealed-0/large.bwf'), '-o', at('of-both')],
      ...store(),
    ]);
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stdout, /^Decrypted 1 file, 195 KiB; 1 not done\.$/m);
    assert.deepEqual(await readdir(at('of-both')), ['large']);
  });
});

interface Refusal {
  readonly name: string;
  readonly args: () => string[];
  readonly input?: string;
  readonly outcome: Outcome;
  readonly says: RegExp;
}

const REFUSALS: Refusal[] = [
  {
    name: 'to encrypt for nobody',
    args: () => ['encrypt', at('plain')],
    outcome: 'usage',
    says: /say for whom, in one way/,
  },
  {
    name: 'to encrypt in two ways',
    args: () => ['encrypt', at('plain'), '--passphrase', '--key', 'backups'],
    outcome: 'usage',
    says: /say for whom, in one way/,
  },
  {
    name: 'a key that is not there, before any file',
    args: () => ['encrypt', at('tree'), '-o', at('no'), '--key', 'nobody', ...store()],
    outcome: 'failed',
    says: /there is no key nobody/,
  },
  {
    name: 'a recipient that was mistyped',
    args: () => ['encrypt', at('plain'), '--recipient', `bwpub1.x25519.${'A'.repeat(48)}`],
    outcome: 'usage',
    says: /mistyped or cut/,
  },
  {
    name: 'a recipient that is no file either',
    args: () => ['encrypt', at('plain'), '--recipient', at('nobody')],
    outcome: 'usage',
    says: /is no public key \(bwpub1\.…\), and as a file it does not exist/,
  },
  {
    name: 'a target that is there',
    args: () => ['encrypt', at('plain'), '-o', at('sealed'), '--recipient', at('id')],
    outcome: 'failed',
    says: /sealed is there already; --force replaces it/,
  },
  {
    name: 'the file itself as target',
    args: () => ['encrypt', at('plain'), '-o', at('plain'), '--force', '--recipient', at('id')],
    outcome: 'usage',
    says: /is the file itself/,
  },
  {
    name: 'a path that is not there',
    args: () => ['encrypt', at('nowhere'), '--recipient', at('id')],
    outcome: 'failed',
    says: /nowhere: does not exist/,
  },
  {
    name: 'another passphrase',
    args: () => ['decrypt', at('locked'), '-o', at('no'), '--passphrase-file', at('other')],
    outcome: 'failed',
    says: /cannot open: wrong key, passphrase or context, or the file was changed/,
  },
  {
    name: 'another private key',
    args: () => ['decrypt', at('sealed'), '-o', at('no'), '--identity', at('id2')],
    outcome: 'failed',
    says: /none of the keys given is one that the file names/,
  },
  {
    name: 'a file that is not sealed',
    args: () => ['decrypt', at('plain'), '-o', at('no'), '--identity', at('id')],
    outcome: 'failed',
    says: /does not start with the mark of a sealed file/,
  },
  {
    name: 'to inspect a file that is not sealed',
    args: () => ['inspect', at('plain')],
    outcome: 'failed',
    says: /does not start with the mark of a sealed file/,
  },
  {
    name: 'to guess a name',
    args: () => ['decrypt', at('sealed'), '--identity', at('id')],
    outcome: 'usage',
    says: /does not end in \.bwf; say where to: -o FILE/,
  },
  {
    name: 'standard input among other paths',
    args: () => ['encrypt', '-', at('plain'), '--recipient', at('id')],
    outcome: 'usage',
    says: /give one path/,
  },
  {
    name: 'standard input as file and passphrase',
    args: () => ['encrypt', '-', '--passphrase', '--passphrase-file', '-'],
    outcome: 'usage',
    says: /cannot be both/,
  },
  {
    name: 'a private key file that is there',
    args: () => ['keygen', '-o', at('id')],
    outcome: 'failed',
    says: /id is there already/,
  },
  {
    name: 'no threads',
    args: () => ['encrypt', at('plain'), '--threads', '0'],
    outcome: 'usage',
    says: /from 1 to 64/,
  },
];

describe('files refuses, leaving nothing behind:', () => {
  for (const { name, args, input, outcome, says } of REFUSALS) {
    test(name, async () => {
      const { code, stdout, stderr } = await bulwark(['files', ...args()], {}, input);
      assert.equal(code, EXIT_CODES[outcome].code, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stdout + stderr, /canary/);
      assert.deepEqual(
        (await readdir(directory.path)).filter((file) => /^no$|\.part$/.test(file)),
        [],
      );
    });
  }

  test('--json where standard output is for the file', async () => {
    const { code, stdout } = await bulwark(['files', 'encrypt', '-', '--recipient', at('id'), '--json']);
    assert.equal(code, EXIT_CODES.usage.code);
    assert.match(stdout, /standard output is taken/);
  });

  test('a private key that others can read', async () => {
    await writeFile(at('wide-id'), await readFile(at('id')));
    await chmod(at('wide-id'), 0o644);
    const { code, stderr } = await bulwark([
      'files',
      'decrypt',
      at('sealed'),
      '-o',
      at('no'),
      '--identity',
      at('wide-id'),
    ]);
    assert.equal(code, EXIT_CODES.configuration.code);
    assert.match(stderr, /chmod 600/);
  });
});

test('Ctrl-C takes away what was begun', async () => {
  await mkdir(at('stopped'));
  const { process, finished } = startBulwark(
    ['files', 'encrypt', '-', '-o', at('stopped/x'), '--recipient', at('id')],
    {},
    null,
  );
  process.stdin?.write(CONTENT);
  await waitFor('the part file', async () => (await readdir(at('stopped'))).some((name) => name.endsWith('.part')));
  process.kill('SIGINT');
  const { code, stderr } = await finished;
  assert.equal(code, EXIT_CODES.interrupted.code);
  assert.equal(stderr, 'bulwark: stopped; what was not finished was taken away again\n');
  assert.deepEqual(await readdir(at('stopped')), []);
});

describe('on a terminal', () => {
  test('a bar tells how far it is, and goes away', async () => {
    const { finished } = onTerminal(['files', 'encrypt', at('plain'), '-o', at('bar'), '--recipient', at('id')]);
    const { code, shown } = await finished;
    assert.equal(code, 0, shown);
    assert.match(shown, /100 % {2}█{24} {2}195 KiB of 195 KiB/);
    assert.ok(shown.trimEnd().endsWith(`\x1b[KEncrypted ${at('plain')} into ${at('bar')}, 195 KiB.`));
  });

  test('the passphrase of a file is asked for, and not shown', async () => {
    const terminal = onTerminal(['files', 'decrypt', at('locked'), '-o', at('asked')]);
    await terminal.answer('Enter the passphrase of the files: ', 'canary: of the files\r');
    const { code, shown } = await terminal.finished;
    assert.equal(code, 0, shown);
    assert.doesNotMatch(shown, /canary/);
    assert.deepEqual(await readFile(at('asked')), CONTENT);
  });

  test('data is not written to it', async () => {
    const { code, shown } = await onTerminal(['files', 'decrypt', at('sealed'), '-o', '-', '--identity', at('id')])
      .finished;
    assert.equal(code, EXIT_CODES.usage.code);
    assert.match(shown, /standard output is a terminal/);
  });
});
