import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkDataDirectory, checkPrivateFile, UnsafeFileError } from '@bulwark/private-files';
import { type Check, type Finding, runCheck } from './check.ts';

/** More than this many files are not listed one by one. */
const SHOWN_MAX = 5;

/** The data directory is ours and 0700, and everything in it 0600 (directories 0700). */
export async function checkFiles(dataDir: string, others: readonly string[]): Promise<Check[]> {
  return [
    await runCheck('data-directory', 'Data directory is private', async () => {
      await checkDataDirectory(dataDir);
      return { detail: `${dataDir} is 0700` };
    }),
    await runCheck('file-modes', 'Database, keys and configuration are private', async () =>
      findWideFiles(dataDir, others),
    ),
  ];
}

async function findWideFiles(dataDir: string, others: readonly string[]): Promise<Finding> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const problems: UnsafeFileError[] = [];
  const collect = (checking: Promise<void>) =>
    checking.catch((error: unknown) => {
      if (!(error instanceof UnsafeFileError)) throw error;
      // A running server makes and removes files meanwhile.
      if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') problems.push(error);
    });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    await collect(entry.isDirectory() ? checkDataDirectory(path) : checkPrivateFile(path));
  }
  for (const path of others) await collect(checkPrivateFile(path));
  if (problems.length === 0) return { detail: `${entries.length + others.length} files and directories checked` };

  const more = problems.length > SHOWN_MAX ? ` and ${problems.length - SHOWN_MAX} more` : '';
  const fix = problems.find((problem) => problem.fix !== undefined)?.fix;
  return {
    state: 'failed',
    detail:
      problems
        .slice(0, SHOWN_MAX)
        .map(({ message }) => message)
        .join('; ') + more,
    ...(fix === undefined ? {} : { fix }),
  };
}
