import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { shellQuote, systemReason, UnsafeFileError } from './unsafe-file-error.ts';

/** Any permission of group or others. */
const WIDER_THAN_0700 = 0o077;

/**
 * Creates the data directory with mode 0700, or checks the one that is there: a directory, ours, 0700, writable.
 * A symbolic link to such a directory is fine: the link's own directory decides who may change it, as with any path.
 *
 * @throws UnsafeFileError naming the directory and the command that mends it.
 */
export async function ensureDataDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'EEXIST' ? 'is not a directory' : `cannot be created: it ${systemReason(error)}`;
    throw new UnsafeFileError(path, reason, { cause: error });
  }
  await checkDataDirectory(path);
}

/** The checks of `ensureDataDirectory` alone; changes nothing. */
export async function checkDataDirectory(path: string): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new UnsafeFileError(path, systemReason(error), { cause: error });
  });
  if (!stats.isDirectory()) throw new UnsafeFileError(path, 'is not a directory');
  const ownUid = process.geteuid?.();
  if (ownUid !== undefined) {
    const problem = whyNotPrivateDirectory(path, stats, ownUid);
    if (problem !== undefined) throw problem;
  }
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new UnsafeFileError(path, 'is not writable for this user', { cause: error });
  });
}

/** As `whyNotPrivate`, for a directory: it must be our own, since root's would not be writable for us. */
export function whyNotPrivateDirectory(
  path: string,
  stats: { mode: number; uid: number },
  ownUid: number,
): UnsafeFileError | undefined {
  if (stats.uid !== ownUid) {
    const reason = `belongs to user ${stats.uid}; Bulwark runs as user ${ownUid}`;
    return new UnsafeFileError(path, reason, { fix: `chown -R ${ownUid} ${shellQuote(path)}` });
  }
  if ((stats.mode & WIDER_THAN_0700) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return new UnsafeFileError(path, `has mode ${mode}, wider than 0700`, { fix: `chmod 700 ${shellQuote(path)}` });
  }
  return undefined;
}
