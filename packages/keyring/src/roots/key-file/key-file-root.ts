import { encodeBase64, generateKey } from '@bulwark/crypto';
import { localRoot, type RootProvider } from '../../root.ts';
import { createPrivateFile } from '../create-private-file.ts';
import { readRootFile } from '../read-root-file.ts';
import { HOW_TO_GENERATE, parseRootKey } from '../root-key-text.ts';

/**
 * A root key from a file of mode 0600 that holds base64, base64url or hex of 32 bytes.
 *
 * @throws KeyringError ERR_ROOT_KEY_MISSING, ERR_ROOT_KEY_ENCODING, ERR_ROOT_KEY_FORMAT (length);
 *   UnsafeFileError where others may read or change the file
 */
export async function keyFileRoot(path: string): Promise<RootProvider> {
  const content = await readRootFile(path, `${HOW_TO_GENERATE} > ${path} && chmod 600 ${path}`);
  const key = parseRootKey(content.toString('utf8'), path);
  content.fill(0);
  try {
    return localRoot(key);
  } finally {
    key.fill(0);
  }
}

/**
 * Writes a fresh root key to a new file of mode 0600, as base64.
 *
 * @throws KeyringError ERR_ROOT_CONFIG where the file is there already; UnsafeFileError
 */
export async function createKeyFile(path: string): Promise<RootProvider> {
  const key = generateKey();
  try {
    await createPrivateFile(path, `${encodeBase64(key)}\n`);
    return localRoot(key);
  } finally {
    key.fill(0);
  }
}
