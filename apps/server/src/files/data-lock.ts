import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UnsafeFileError, writePrivateFile } from '@bulwark/private-files';

/** Holds a data directory for one server process. */
export interface DataLock {
  release(): Promise<void>;
}

/**
 * Takes the data directory for this process, so that no second server writes the same files.
 *
 * The lock is an exclusive transaction on an empty SQLite file: Node has no flock, and SQLite's lock is one of the
 * operating system, gone with the process however it ends. A file with a process id would need guessing after a crash,
 * since ids are used again. `server.pid` is only for the message.
 *
 * @throws UnsafeFileError when another server has it.
 */
export async function lockDataDirectory(directory: string): Promise<DataLock> {
  const pidFile = join(directory, 'server.pid');
  const lockFile = join(directory, 'server.lock');
  await createPrivately(lockFile);
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const pid = await readFile(pidFile, 'utf8').catch(() => '');
    const holder = /^\d+$/.test(pid.trim()) ? ` (process ${pid.trim()})` : '';
    throw new UnsafeFileError(directory, `is in use by another Bulwark server${holder}`, { cause: error });
  }
  await writePrivateFile(pidFile, `${process.pid}\n`);

  return {
    async release() {
      if (!database.isOpen) return;
      await rm(pidFile, { force: true });
      database.close();
    },
  };
}

/** SQLite would create it with the umask's mode. */
async function createPrivately(path: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  await file.close();
}
