import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemReason, UnsafeFileError } from './unsafe-file-error.ts';

/**
 * Writes a file of mode 0600 so that after a crash either the old content is there or the new, never a part of it.
 * It is never readable by others, not even for a moment: the mode is set when the temporary file is created.
 *
 * @throws UnsafeFileError when the directory cannot be written.
 */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UnsafeFileError(path, systemReason(error), { cause: error });
  }
}

/** The rename itself is durable only once the directory is. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
