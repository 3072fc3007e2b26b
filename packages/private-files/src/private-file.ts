import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { shellQuote, systemReason, UnsafeFileError } from './unsafe-file-error.ts';

/** Any permission of group or others, and execution: what a file of mode 0600 does not have. */
const WIDER_THAN_0600 = 0o177;

interface Owner {
  mode: number;
  uid: number;
}

/**
 * Why a file with this mode and owner is not private to us, and the command that mends it; undefined when it is.
 * Root may own it too: root can read it anyway, and service managers hand out secrets that way.
 */
export function whyNotPrivate(path: string, stats: Owner, ownUid: number): UnsafeFileError | undefined {
  if (stats.uid !== ownUid && stats.uid !== 0) {
    const reason = `belongs to user ${stats.uid}, who could change it; Bulwark runs as user ${ownUid}`;
    return new UnsafeFileError(path, reason, { fix: `chown ${ownUid} ${shellQuote(path)}` });
  }
  if ((stats.mode & WIDER_THAN_0600) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return new UnsafeFileError(path, `has mode ${mode}, wider than 0600`, { fix: `chmod 600 ${shellQuote(path)}` });
  }
  return undefined;
}

/**
 * Refuses a file that others can read or change: mode wider than 0600, a foreign owner, a symbolic link
 * (its target can be swapped), anything that is not a regular file. Modes are not checked on Windows, which has none.
 *
 * @throws UnsafeFileError naming the file and the command that mends it.
 */
export async function checkPrivateFile(path: string): Promise<void> {
  const handle = await openPrivate(path);
  await handle.close();
}

/** Reads a private file through the descriptor that was checked, so that it cannot be exchanged in between. */
export async function readPrivateFile(path: string): Promise<Buffer> {
  const handle = await openPrivate(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function openPrivate(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe in the file's place would hang the start.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new UnsafeFileError(path, systemReason(error), { cause: error });
  }
  const problem = problemOf(path, await handle.stat());
  if (problem === undefined) return handle;
  await handle.close();
  throw problem;
}

function problemOf(path: string, stats: Stats): UnsafeFileError | undefined {
  if (!stats.isFile()) return new UnsafeFileError(path, 'is not a regular file');
  const ownUid = process.geteuid?.();
  return ownUid === undefined ? undefined : whyNotPrivate(path, stats, ownUid);
}
