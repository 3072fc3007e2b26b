import { rm, writeFile } from 'node:fs/promises';
import { systemReason, writePrivateFile } from '@bulwark/private-files';
import { CliError } from './errors.ts';

/**
 * Writes a file of mode 0600.
 *
 * @param options replace: whatever is there, in one step; otherwise a file that is there is left as it is.
 * @throws CliError failed; UnsafeFileError
 */
export async function writeNewFile(path: string, content: string, { replace = false } = {}): Promise<void> {
  if (replace) return writePrivateFile(path, content);
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError('failed', `${path} is there already`, { cause: error });
    }
    await rm(path, { force: true }).catch(() => {}); // a part of it
    throw new CliError('failed', `${path} ${systemReason(error)}`, { cause: error });
  }
}
