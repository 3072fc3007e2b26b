import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileStore, type Keys, openKeys, type RootProvider } from '@bulwark/keyring';
import { keyFileRoot } from '@bulwark/keyring/roots/key-file';
import { createPassphraseFile, openPassphraseFile } from '@bulwark/keyring/roots/passphrase';
import { ensureDataDirectory } from '@bulwark/private-files';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { bulwark, startBulwark } from '../../../testing/run-bulwark.ts';

const KEYS = 60;
const ROUNDS = 8;
const [OLD, NEW] = ['canary: the old passphrase', 'canary: the new passphrase'];
const CELL = { table: 'customer', column: 'email', row: '42' };
const IDS = Array.from({ length: KEYS }, (_, i) => ({ scope: '', name: `key-${i}` }));

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  for (const [i, name] of ['old.key', 'new.key'].entries()) {
    await writeFile(at(name), `${Buffer.alloc(32, i + 1).toString('base64')}\n`, { mode: 0o600 });
  }
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);

async function withKeys<T>(dir: string, roots: RootProvider[], work: (keys: Keys) => Promise<T>): Promise<T> {
  const [root, ...formerRoots] = roots as [RootProvider, ...RootProvider[]];
  const keys = openKeys({ store: await fileStore(at(`${dir}/keys`)), roots: [root], formerRoots });
  try {
    return await work(keys);
  } finally {
    await keys.close();
  }
}

/** Sixty keys, and a value that each has sealed. */
async function makeKeys(dir: string, root: RootProvider): Promise<Buffer[]> {
  return withKeys(dir, [root], async (keys) => {
    for (const id of IDS) await keys.create(id);
    return Promise.all(IDS.map((id) => keys.sealField(id, CELL, id.name)));
  });
}

/** None is lost: each opens what it sealed before, with any of the roots. */
async function assertAllOpen(dir: string, roots: RootProvider[], sealed: readonly Buffer[]): Promise<void> {
  await withKeys(dir, roots, async (keys) => {
    for (const [i, id] of IDS.entries()) {
      assert.equal((await keys.openField(id, CELL, sealed[i]!)).toString(), id.name);
    }
  });
}

async function assertNoneOpens(dir: string, root: RootProvider): Promise<void> {
  await withKeys(dir, [root], async (keys) => {
    for (const id of IDS) await assert.rejects(keys.describe(id), { code: 'ERR_ROOT_KEY_WRONG' });
  });
}

/** Runs a command and kills it up to so long after it began to write. @returns Whether it was killed in time. */
async function killed(
  dir: string,
  args: readonly string[],
  env: Record<string, string>,
  withinMs: number,
): Promise<boolean> {
  const watcher = watch(at(`${dir}/keys/material`));
  const { process: child, finished } = startBulwark(args, env);
  try {
    await Promise.race([once(watcher, 'change'), finished]);
    await Promise.race([sleep(Math.random() * withinMs), finished]);
    child.kill('SIGKILL');
    const { code, stderr } = await finished;
    assert.ok(code === null || code === 0, stderr);
    return code === null;
  } finally {
    watcher.close();
  }
}

async function run(args: readonly string[], env: Record<string, string>): Promise<void> {
  const { code, stderr } = await bulwark(args, env);
  assert.equal(code, 0, stderr);
}

const keyFile = (name: string, prefix = '') => [`--${prefix}root`, 'key-file', `--${prefix}root-key-file`, at(name)];

/** A way from one root to another. */
interface Move {
  readonly name: string;
  readonly args: () => string[];
  /** How long it takes about, on a machine with nothing else to do. */
  readonly takesMs: number;
  readonly openOld: (dir: string) => Promise<RootProvider>;
  /** The new one, as soon as there is one. */
  readonly openNew: (dir: string) => Promise<RootProvider | undefined>;
}

const oldKeyFile = () => keyFileRoot(at('old.key'));
const MOVES: Move[] = [
  {
    name: 'to another key file',
    args: () => [...keyFile('old.key'), ...keyFile('new.key', 'new-')],
    takesMs: 300,
    openOld: oldKeyFile,
    openNew: () => keyFileRoot(at('new.key')),
  },
  {
    name: 'to another passphrase',
    args: () => [],
    takesMs: 600,
    openOld: async (dir) => {
      await ensureDataDirectory(at(dir));
      return createPassphraseFile(at(`${dir}/root.json`), OLD);
    },
    openNew: openNewPassphrase,
  },
  {
    name: 'from a key file to a passphrase',
    args: () => keyFile('old.key'),
    takesMs: 600,
    openOld: oldKeyFile,
    openNew: openNewPassphrase,
  },
];

async function openNewPassphrase(dir: string): Promise<RootProvider | undefined> {
  const files = await readdir(at(dir));
  const record = ['root.next.json', 'root.json'].find((name) => files.includes(name));
  if (record === undefined) return undefined;
  return openPassphraseFile(at(`${dir}/${record}`), NEW).catch(() => undefined);
}

/** Whether a new passphrase's record is in its place for good, from when on the old one opens nothing. */
async function isMoved(dir: string): Promise<boolean> {
  const files = await readdir(at(dir));
  if (!files.includes('root.json') || files.includes('root.next.json')) return false;
  return (await openNewPassphrase(dir)) !== undefined;
}

describe('keys rewrap, killed twice and run once more, loses no key and leaves none to the old root:', () => {
  for (const [i, { name, args, takesMs, openOld, openNew }] of MOVES.entries()) {
    test(name, async () => {
      const original = `original-${i}`;
      const old = await openOld(original);
      const sealed = await makeKeys(original, old);
      const env = { ENCRYPTION_MASTER_PASSWORD: OLD, ENCRYPTION_NEW_MASTER_PASSWORD: NEW };
      let kills = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const dir = `moved-${i}-${round}`;
        await cp(at(original), at(dir), { recursive: true });
        const command = ['keys', 'rewrap', '--key-dir', at(dir), ...args()];
        for (let attempt = 0; attempt < 2 && !(await isMoved(dir)); attempt++) {
          if (await killed(dir, command, env, takesMs)) kills++;
          const now = await openNew(dir);
          await assertAllOpen(dir, now ? [old, now] : [old], sealed);
        }
        if (!(await isMoved(dir))) await run(command, env);
        const now = await openNew(dir);
        assert.ok(now);
        await assertAllOpen(dir, [now], sealed);
        await assertNoneOpens(dir, old);
        assert.ok(!(await readdir(at(dir))).includes('root.next.json'));
      }
      assert.ok(kills >= ROUNDS / 2, `${kills} kills`);
    });
  }
});

test('keys rotate-expired, killed twice and run once more, rotates each key that was due, and once', async () => {
  const root = await oldKeyFile();
  const sealed = await makeKeys('due', root);
  await withKeys('due', [root], async (keys) => {
    for (const id of IDS) await keys.deactivate(id, 1);
  });
  let kills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const dir = `due-${round}`;
    await cp(at('due'), at(dir), { recursive: true });
    const command = ['keys', 'rotate-expired', '--key-dir', at(dir), ...keyFile('old.key')];
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await killed(dir, command, {}, 200)) kills++;
      await assertAllOpen(dir, [root], sealed);
    }
    await run(command, {});
    await assertAllOpen(dir, [root], sealed);
    await withKeys(dir, [root], async (keys) => {
      for (const id of IDS) {
        const states = (await keys.describe(id)).versions.map(({ state }) => state);
        assert.deepEqual(states, ['deactivated', 'active']);
      }
    });
  }
  assert.ok(kills >= ROUNDS / 2, `${kills} kills`);
});
