import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyringError } from '../errors.ts';

/** Runs work while nobody else, here or in another process, runs work under the same file. */
export type FileLock = <T>(work: () => Promise<T>) => Promise<T>;

const WAIT_LIMIT_MS = 10_000;
const POLL_MS = 2;

/**
 * A lock between processes that ends with its holder, even on kill -9: the operating system's own file lock. Node has
 * no call for that, SQLite has; the file stays an empty database. It does not hold on network file systems whose locks
 * do not.
 *
 * @throws KeyringError ERR_KEY_UNAVAILABLE from the lock, when it cannot be had within 10 s
 */
export function fileLock(path: string): FileLock {
  let last: Promise<unknown> = Promise.resolve();

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      await begin(database);
      return await work();
    } finally {
      database.close(); // ends the transaction, and with it the lock
    }
  }

  // One after another within the process, so that waiting for the file means waiting for other processes only.
  return (work) => {
    const result = last.then(() => locked(work));
    last = result.catch(() => {});
    return result;
  };
}

async function begin(database: DatabaseSync): Promise<void> {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return;
    } catch (cause) {
      if (performance.now() > deadline) {
        throw new KeyringError('ERR_KEY_UNAVAILABLE', 'the key directory is locked by another process', { cause });
      }
      await sleep(POLL_MS + Math.random() * POLL_MS);
    }
  }
}
