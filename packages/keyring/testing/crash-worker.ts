import { appendFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { decodeBase64 } from '@bulwark/crypto';
import type { KeyId } from '../src/key-document.ts';
import { createKeyLoader, guardStore } from '../src/key-loader.ts';
import { type Keys, openKeys } from '../src/keys.ts';
import { localRoot } from '../src/root.ts';
import { fileStore } from '../src/stores/file.ts';
import { sqlStore } from '../src/stores/sql.ts';
import { createUseLeases } from '../src/use-leases.ts';
import type { VersionedKeyStore } from '../src/versioned-store.ts';
import { openKeyDatabase } from './open-database.ts';

/** What a process that will be killed is to do. It comes as a message, so that the root key is in no argument list. */
export interface CrashTask {
  /** A directory, or the address of a database. */
  readonly place: string;
  readonly kind: 'file' | 'sql';
  /** base64, 32 bytes. */
  readonly rootKey: string;
  readonly id: KeyId;
  /**
   * lease: takes uses one by one until there are none, a byte in the journal for each,
   * and a line in `journal`.leases for each reservation · rotate, destroy, rewrap: does so
   * once · live: rotates and seals without end, each sealed value a line in the journal.
   */
  readonly work: 'lease' | 'rotate' | 'destroy' | 'rewrap' | 'live';
  readonly journal: string;
  /** Uses there are in all, for `lease`. */
  readonly hard?: number;
  /** Dies by SIGKILL right before this call that changes files, counted from 1. */
  readonly dieAtCall?: number;
}

const cell = { table: 'customer', column: 'email', row: '42' };

process.once('message', (task: CrashTask) => {
  run(task).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run(task: CrashTask): Promise<void> {
  const store = task.kind === 'file' ? await fileStore(task.place) : sqlStore(await openKeyDatabase(task.place));
  const root = localRoot(decodeBase64(task.rootKey));
  if (task.dieAtCall !== undefined) dieAtCall(task.dieAtCall);
  if (task.work === 'lease') return lease(task, store, root);
  const keys = openKeys({ store, roots: [root] });
  switch (task.work) {
    case 'rotate':
      await keys.rotate(task.id);
      return;
    case 'destroy':
      await keys.destroy(task.id, 1, { confirm: task.id.name, reason: 'test', force: true });
      return;
    case 'rewrap':
      return keys.rewrap(task.id);
    default:
      return live(task, keys);
  }
}

async function lease(
  { id, hard = 0, journal }: CrashTask,
  store: VersionedKeyStore,
  root: ReturnType<typeof localRoot>,
) {
  const { material } = await createKeyLoader(guardStore(store), [root], Date.now).load(id, 'all');
  const journalLease = (_id: KeyId, _version: number, uses: number) => appendFileSync(`${journal}.leases`, `${uses}\n`);
  const leases = createUseLeases({ store, now: Date.now, onReserved: journalLease });
  const leased = { id, version: 1, material: material.get(1)!, hard, block: 8, maxBlock: 64 };
  try {
    for (;;) {
      await leases.take(leased, 1);
      appendFileSync(journal, 'x');
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_KEY_SPENT') throw error;
  }
}

async function live({ id, journal }: CrashTask, keys: Keys): Promise<void> {
  for (let i = 0; ; i++) {
    const sealed = await keys.sealField(id, cell, 'value');
    appendFileSync(journal, `${sealed.toString('base64')}\n`);
    if (i % 3 === 2) await keys.rotate(id);
  }
}

/** Counts the calls by which files are changed, also those of the package that writes them. */
function dieAtCall(last: number): void {
  let calls = 0;
  const counted = <A extends unknown[], R>(call: (...args: A) => R) =>
    function dying(...args: A): R {
      if (++calls === last) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
  Object.assign(fs, { open: counted(fs.open), rename: counted(fs.rename), unlink: counted(fs.unlink) });
  syncBuiltinESMExports();
}
