import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, jsonLines } from '../../../testing/run-bulwark.ts';
import { EXIT_CODES, type Outcome } from '../../exit-codes.ts';

let directory: TempDir;
let names = 0;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const keyDir = () => ['--key-dir', at('keys')];
const root = () => ['--root', 'key-file', '--root-key-file', at('root.key')];

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await bulwark(['keys', ...args]);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stdout + stderr, /bwkey1/);
  return stdout;
}

/** Makes a key and destroys it. */
async function destroyNew(...args: string[]): Promise<string> {
  const name = `key-${++names}`;
  await run('create', name, ...keyDir(), ...root());
  return run('destroy', name, '--confirm', name, '--force', ...keyDir(), ...root(), ...args);
}

async function verify(file: string, ...args: string[]) {
  const { code, stdout, stderr } = await bulwark(['keys', 'verify-receipt', file, ...args]);
  return { code, stdout, stderr };
}

test('the first destruction makes a key, which signs all receipts, and whose public half verifies them', async () => {
  const [first] = jsonLines(await destroyNew('-o', at('first'), '--json'));
  await destroyNew('-o', at('second'));
  const file = at('keys/receipt.key');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(at('first'))).mode & 0o777, 0o600);
  const publicKey = (await run('receipt-key', ...keyDir())).trim();
  assert.match(publicKey, /^bwpub1\.ed25519\.[\w-]{48}$/);
  assert.equal(first?.publicKey, publicKey);
  assert.deepEqual(JSON.parse(await readFile(at('first'), 'utf8')), first?.receipt);
  for (const receipt of ['first', 'second']) {
    for (const by of [keyDir(), ['--public-key', publicKey], ['--public-key', file]]) {
      const { code, stdout } = await verify(at(receipt), ...by);
      assert.equal(code, 0);
      assert.match(stdout, /^Genuine {2}version 1 of key-\d, destroyed 20\S+Z: asked for on the command line\n$/);
    }
  }
});

test('what destroy prints is verified as it is, for people and with --json', async () => {
  const printed = await destroyNew();
  const json = await destroyNew('--json');
  await writeFile(at('copied'), printed.trimEnd().split('\n').at(-1) ?? '');
  await writeFile(at('events'), json + json);
  assert.equal((await verify(at('copied'), ...keyDir())).code, 0);
  const { code, stdout } = await verify(at('events'), ...keyDir(), '--json');
  assert.equal(code, 0);
  assert.deepEqual(
    jsonLines(stdout).map(({ event }) => event),
    ['receipt-verified', 'receipt-verified'],
  );
  const { code: fromStandardInput } = await bulwark(['keys', 'verify-receipt', '-', ...keyDir()], {}, json);
  assert.equal(fromStandardInput, 0);
});

test('a named key is made when it is asked for, and signs then', async () => {
  const named = ['--receipt-key-file', at('officer.key')];
  const early = await bulwark(['keys', 'destroy', 'x', '--confirm', 'x', ...keyDir(), ...root(), ...named]);
  assert.equal(early.code, EXIT_CODES.usage.code);
  assert.match(early.stderr, /make one: bulwark keys receipt-key --receipt-key-file \S+officer\.key\n$/);
  const [made] = jsonLines(await run('receipt-key', ...named, '--json'));
  const [again] = jsonLines(await run('receipt-key', ...named, '--json'));
  assert.deepEqual([made?.isNew, again?.isNew, again?.publicKey], [true, false, made?.publicKey]);
  await destroyNew('-o', at('by-officer'), ...named);
  assert.equal((await verify(at('by-officer'), '--public-key', String(made?.publicKey))).code, 0);
  assert.equal((await verify(at('by-officer'), ...keyDir())).code, EXIT_CODES.failed.code);
});

test('of several that come first at once one makes the key, and all have it', async () => {
  await run('create', 'x', '--key-dir', at('raced'), ...root());
  const all = await Promise.all([1, 2, 3].map(() => run('receipt-key', '--key-dir', at('raced'))));
  assert.equal(new Set(all).size, 1);
  assert.deepEqual((await readdir(at('raced'))).sort(), ['keys', 'receipt.key']);
});

describe('a receipt is not proven', () => {
  const changes: Record<string, object> = {
    'with another name': { name: 'other' },
    'with another version': { version: 2 },
    'with another time': { destroyedAt: 0 },
    'with another reason': { reason: 'by the book' },
    'as one that was not forced': { wasForced: false },
    'with another root': { wrappedBy: [] },
    'with another signature': { signature: Buffer.alloc(64).toString('base64url') },
    'with a signature that is none': { signature: '' },
    'without a signature': { signature: null },
  };
  before(() => destroyNew('-o', at('genuine')));
  for (const [how, change] of Object.entries(changes)) {
    test(how, async () => {
      const genuine = await readFile(at('genuine'), 'utf8');
      await writeFile(at('changed'), `${genuine}${JSON.stringify({ ...JSON.parse(genuine), ...change })}\n`);
      const { code, stdout } = await verify(at('changed'), ...keyDir(), '--json');
      assert.equal(code, EXIT_CODES.failed.code);
      assert.deepEqual(
        jsonLines(stdout).map(({ event }) => event),
        ['receipt-verified', 'receipt-failed'],
      );
    });
  }
});

interface Refusal {
  readonly name: string;
  readonly args: () => string[];
  readonly outcome: Outcome;
  readonly says: RegExp;
}

const REFUSALS: Refusal[] = [
  { name: 'an empty file', args: () => ['empty'], outcome: 'failed', says: /empty has no receipt in it/ },
  { name: 'what is no JSON', args: () => ['root.key'], outcome: 'failed', says: /that is not a receipt/ },
  { name: 'other JSON', args: () => ['other.json'], outcome: 'failed', says: /that is not a receipt/ },
  { name: 'no file', args: () => ['nowhere'], outcome: 'failed', says: /nowhere does not exist/ },
  {
    name: 'a public key to seal to',
    args: () => ['genuine', '--public-key', at('sealing.key')],
    outcome: 'usage',
    says: /is of the kind x25519; wanted is ed25519/,
  },
  {
    name: 'a public key that was mistyped',
    args: () => ['genuine', '--public-key', `bwpub1.ed25519.${'A'.repeat(48)}`],
    outcome: 'usage',
    says: /the public key was mistyped or cut/,
  },
  {
    name: 'the key of a directory that has none',
    args: () => ['genuine', '--key-dir', at('nowhere')],
    outcome: 'usage',
    says: /nowhere\/receipt\.key is no public key/,
  },
];

describe('verify-receipt refuses', () => {
  before(async () => {
    await writeFile(at('empty'), '\n');
    await writeFile(at('other.json'), '{"event":"summary"}');
    await bulwark(['files', 'keygen', '-o', at('sealing.key')]);
  });
  for (const { name, args, outcome, says } of REFUSALS) {
    test(name, async () => {
      const [file = '', ...more] = args();
      const { code, stdout, stderr } = await verify(at(file), ...keyDir(), ...more);
      assert.equal(code, EXIT_CODES[outcome].code, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }
});

describe('nothing is destroyed', () => {
  const destroy = (...args: string[]) =>
    bulwark(['keys', 'destroy', 'kept', '--confirm', 'kept', '--force', ...keyDir(), ...root(), ...args]);
  before(() => run('create', 'kept', ...keyDir(), ...root()));
  after(() => run('show', 'kept', ...keyDir(), ...root()));

  test('where the receipt has no place', async () => {
    const { code, stderr } = await destroy('-o', at('genuine'));
    assert.equal(code, EXIT_CODES.failed.code);
    assert.match(stderr, /genuine is there already/);
  });

  test('where others can read the receipt key', async () => {
    await writeFile(at('wide.key'), await readFile(at('keys/receipt.key')));
    await chmod(at('wide.key'), 0o644);
    const { code, stderr } = await destroy('--receipt-key-file', at('wide.key'));
    assert.equal(code, EXIT_CODES.configuration.code);
    assert.match(stderr, /chmod 600/);
  });

  test('where the receipt key does not tell its own public half', async () => {
    const [own, other] = await Promise.all(
      ['keys/receipt.key', 'officer.key'].map((file) => readFile(at(file), 'utf8')),
    );
    const mixed = [own!.split('\n')[1], other!.split('\n')[2], ''].join('\n');
    await writeFile(at('mixed.key'), mixed, { mode: 0o600 });
    const { code, stderr } = await destroy('--receipt-key-file', at('mixed.key'));
    assert.equal(code, EXIT_CODES.usage.code);
    assert.match(stderr, /is not that of its private key/);
  });

  test('and no file is left, where the key may not be', async () => {
    const args = ['destroy', 'kept', '--confirm', 'kept', ...keyDir(), ...root(), '-o', at('unneeded')];
    assert.equal((await bulwark(['keys', ...args])).code, EXIT_CODES.failed.code);
    assert.ok(!(await readdir(directory.path)).includes('unneeded'));
  });
});
