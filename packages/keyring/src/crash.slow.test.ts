import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBase64, generateKey } from '@bulwark/crypto';
import { forEachDatabase } from '../../../testing/databases.ts';
import { type TempDir, tempDir } from '../../../testing/temp-dir.ts';
import { waitFor } from '../../../testing/wait-for.ts';
import type { CrashTask } from '../testing/crash-worker.ts';
import { openKeyDatabase } from '../testing/open-database.ts';
import { type Keys, openKeys } from './keys.ts';
import { localRoot } from './root.ts';
import { fileStore } from './stores/file.ts';
import { sqlStore } from './stores/sql.ts';
import type { VersionedKeyStore } from './versioned-store.ts';

const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };
const rootKey = generateKey();
const WORKER = path.join(import.meta.dirname, '../testing/crash-worker.ts');
const KILLS = 12;

/** Starts a task in a process of its own. `ended` says whether it ended by itself; it fails when the task did. */
function start(task: Omit<CrashTask, 'rootKey' | 'id'>): { ended: Promise<boolean>; kill: () => void } {
  const child = fork(WORKER, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  child.send({ ...task, id, rootKey: encodeBase64(rootKey) } satisfies CrashTask);
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (signal === 'SIGKILL') return false;
    assert.equal(code, 0, Buffer.concat(errors).toString());
    return true;
  });
  return { ended, kill: () => child.kill('SIGKILL') };
}

const dirs: TempDir[] = [];
after(() => Promise.all(dirs.map((dir) => dir.remove())));

async function newDirectory(): Promise<string> {
  const dir = await tempDir();
  dirs.push(dir);
  return dir.path;
}

/** Until a task has got to its work, and a moment that is never the same. */
async function inFullWork(journal: string): Promise<void> {
  const { size } = await stat(journal);
  await waitFor('the journal to grow', async () => (await stat(journal)).size > size, {
    timeoutMs: 20_000,
    everyMs: 5,
  });
  await sleep(Math.random() * 150);
}

interface Place {
  readonly kind: CrashTask['kind'];
  readonly place: string;
  readonly store: VersionedKeyStore;
}

function keysAt({ store }: Place): Keys {
  return openKeys({ store, roots: [localRoot(rootKey)] });
}

/** What holds for each store, whoever dies over it. */
function testCrashes(open: () => Promise<Place>): void {
  test('two processes that are killed again and again never spend a use twice', async () => {
    const place = await open();
    const hard = 20_000;
    await keysAt(place).create(id, { suite: 'A256GCM' });
    const journal = path.join(await newDirectory(), 'journal');
    await writeFile(journal, '');
    const { kind, place: where } = place;

    let kills = 0;
    async function worker(): Promise<void> {
      for (;;) {
        const { ended, kill } = start({ kind, place: where, work: 'lease', hard, journal });
        if (kills < KILLS) void inFullWork(journal).then(kill, () => {});
        if (await ended) return;
        kills++;
      }
    }
    await Promise.all([worker(), worker()]);

    // A reservation is known by the count that it led to: two of the same would have given the same uses out twice.
    const leases = (await readFile(`${journal}.leases`, 'utf8')).trim().split('\n');
    assert.equal(new Set(leases).size, leases.length);
    const spent = (await readFile(journal)).length;
    const { reserved, returned } = (await place.store.readUses(id, 1))!;
    assert.equal(reserved - returned, hard, 'all are handed out');
    assert.ok(spent <= hard, `${spent} uses were spent of ${hard}`);
    assert.ok(spent > 0 && kills > 0, `${spent} spent, ${kills} kills`);
  });

  test('rotation goes on after each kill, and every value that was sealed opens', async () => {
    const place = await open();
    await keysAt(place).create(id);
    const journal = path.join(await newDirectory(), 'journal');
    await writeFile(journal, '');
    const { kind, place: where } = place;
    for (let round = 0; round < KILLS; round++) {
      const workers = [1, 2].map(() => start({ kind, place: where, work: 'live', journal }));
      await inFullWork(journal);
      for (const { kill } of workers) kill();
      for (const { ended } of workers) assert.equal(await ended, false);
      await keysAt(place).describe(id);
    }
    const keys = keysAt(place);
    const lines = (await readFile(journal, 'utf8')).split('\n').slice(0, -1);
    const fields = lines.map((line) => ({ cell, sealed: Buffer.from(line, 'base64') }));
    for (const plaintext of await keys.openFields(id, fields)) assert.equal(plaintext.toString(), 'value');
    const { versions } = await keys.describe(id);
    assert.ok(versions.length > KILLS / 2, `${versions.length} versions`);
    assert.equal(versions.filter(({ state }) => state === 'active').length, 1);
  });
}

describe('files', () => {
  async function open(): Promise<Place> {
    const place = path.join(await newDirectory(), 'keys');
    return { kind: 'file', place, store: await fileStore(place) };
  }
  testCrashes(open);

  const works = [
    { work: 'rotate', versions: 3 },
    { work: 'destroy', versions: 2 },
    { work: 'rewrap', versions: 2 },
  ] as const;
  for (const { work, versions } of works) {
    test(`are whole whichever step of ${work} was the last, and the next try ends it`, async () => {
      const original = await open();
      const keys = keysAt(original);
      await keys.create(id);
      const sealed = await keys.sealField(id, cell, 'value');
      await keys.rotate(id);
      await keys.close();

      let steps = 0;
      for (let isEnd = false; !isEnd; ) {
        const copy = path.join(await newDirectory(), 'keys');
        await cp(original.place, copy, { recursive: true });
        const task = { kind: 'file', place: copy, work, journal: '' } as const;
        isEnd = await start({ ...task, dieAtCall: ++steps }).ended;
        const place: Place = { ...task, store: await fileStore(copy) };
        const before = await keysAt(place).describe(id);
        assert.ok([2, versions].includes(before.versions.length));
        const files = await readdir(copy, { recursive: true });
        assert.deepEqual(
          files.filter((file) => path.basename(file).startsWith('.')),
          [],
        );
        if (work !== 'destroy') assert.equal((await keysAt(place).openField(id, cell, sealed)).toString(), 'value');

        await start(task).ended;
        const after = await keysAt(place).describe(id);
        const isRotatedTwice = work === 'rotate' && before.versions.length === versions;
        assert.equal(after.versions.length, versions + (isRotatedTwice ? 1 : 0));
        if (work === 'destroy') {
          assert.equal(after.versions[0]?.state, 'destroyed');
          // Also where the one before died between the change and the erasure.
          await keysAt(place).setPolicy(id, {});
          assert.equal(
            (await readdir(path.join(copy, 'material'))).filter((file) => file.endsWith('.1.json')).length,
            0,
          );
        }
      }
      assert.ok(steps > 5, `${steps} steps`);
    });
  }
});

forEachDatabase('a database', (openUrl) => {
  const opened: { destroy(): Promise<void> }[] = [];
  testCrashes(async () => {
    const place = await openUrl();
    const db = await openKeyDatabase(place);
    opened.push(db);
    return { kind: 'sql', place, store: sqlStore(db) };
  });
  after(() => Promise.all(opened.map((db) => db.destroy())));
});
