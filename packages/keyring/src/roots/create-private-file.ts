import { randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writePrivateFile } from '@bulwark/private-files';
import { misconfigured } from './root-fault.ts';

/**
 * Writes a file of mode 0600 that was not there before, whole or not at all. A root key is never written over: what it
 * had wrapped would be lost with it.
 *
 * @throws KeyringError ERR_ROOT_CONFIG where there is one, UnsafeFileError where the directory cannot be written
 */
export async function createPrivateFile(path: string, content: string): Promise<void> {
  const complete = `${path}.${randomUUID()}.new`;
  await writePrivateFile(complete, content);
  try {
    await link(complete, path); // a rename would replace what is there
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw misconfigured(`${path} is there already; a root key is not replaced in its place`);
  } finally {
    await rm(complete, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** The new name is durable only once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
