import { CryptoError } from '@bulwark/crypto';
import type { Access, Keys } from '@bulwark/keyring';
import type { FileKey, FileKeys } from './file-keys.ts';

/**
 * File keys from a keyring, by the names of one scope's data keys. Sealing counts as one use of the key, however long the
 * file is.
 *
 * @param names Under which files may be sealed. A file names its key by id, so they are asked for it in this order: the
 *   fewer, the better.
 * @param access allowCompromised: what versions sealed that are compromised opens as well. Anybody may have made such a
 *   file.
 */
export function keyringFileKeys(
  keyring: Pick<Keys, 'messageKey' | 'messageKeyOf'>,
  scope: string,
  names: readonly string[],
  access: Access = {},
): FileKeys {
  const fileKey = async (given: ReturnType<Keys['messageKey']>): Promise<FileKey> => {
    const { kid, key } = await given;
    return { kid, messageKey: key };
  };
  return {
    sealing: (name) => fileKey(keyring.messageKey({ scope, name })),
    async opening(kid) {
      for (const name of names) {
        try {
          return await fileKey(keyring.messageKeyOf({ scope, name }, kid, access));
        } catch (error) {
          if (!(error instanceof CryptoError && error.code === 'ERR_KEY_UNKNOWN')) throw error;
        }
      }
      return undefined;
    },
  };
}
