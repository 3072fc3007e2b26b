import { readPrivateFile, UnsafeFileError } from '@bulwark/private-files';
import { KeyringError } from '../errors.ts';

/**
 * Reads a file that only its owner may read.
 *
 * @param howToCreate Ends the message where there is no such file.
 * @throws KeyringError ERR_ROOT_KEY_MISSING; UnsafeFileError where others may read or change the file
 */
export async function readRootFile(path: string, howToCreate: string): Promise<Buffer> {
  try {
    return await readPrivateFile(path);
  } catch (error) {
    if (!(error instanceof UnsafeFileError) || (error.cause as NodeJS.ErrnoException)?.code !== 'ENOENT') throw error;
    throw new KeyringError('ERR_ROOT_KEY_MISSING', `${path} does not exist; ${howToCreate}`, { cause: error });
  }
}
