import {
  type Encryption,
  type EncryptionOptions,
  type EncryptionSettings,
  openEncryption as openKeyEncryption,
  openEncryptionFrom as openKeyEncryptionFrom,
} from '@bulwark/keyring';
import { keyringFileKeys } from './keyring-file-keys.ts';
import { type OpenedResult, type OpenFileOptions, openFile } from './open-file.ts';
import { type SealedResult, type SealFileOptions, sealFile } from './seal-file.ts';

type Source = string | AsyncIterable<Uint8Array>;

/** The keyring's one-object service, with files: keys, data, fields and files by key name. */
export interface FileEncryption extends Encryption {
  /** @throws FilesError, KeyringError */
  encryptFile(name: string, source: Source, target: string, options?: SealFileOptions): Promise<SealedResult>;
  /** A file sealed under another key than the named one does not open. @throws FilesError, KeyringError */
  decryptFile(name: string, source: Source, target: string, options?: OpenFileOptions): Promise<OpenedResult>;
}

/** Opens an encryption service on a store and roots. */
export function openEncryption(options: EncryptionOptions): FileEncryption {
  return withFiles(openKeyEncryption(options), options.scope);
}

/**
 * Opens an encryption service as the settings say (`encryptionSettings` reads them from an environment): keys in files
 * under a root that follows from the master password.
 *
 * @throws KeyringError ERR_ROOT_KEY_WRONG (another password than at the first start); UnsafeFileError
 */
export async function openEncryptionFrom(
  settings: EncryptionSettings,
  options: Parameters<typeof openKeyEncryptionFrom>[1] = {},
): Promise<FileEncryption> {
  return withFiles(await openKeyEncryptionFrom(settings, options), options.scope);
}

function withFiles(encryption: Encryption, scope = ''): FileEncryption {
  const keys = (name: string) => keyringFileKeys(encryption.keys, scope, [name]);
  return {
    ...encryption,
    encryptFile: (name, source, target, options) => sealFile(source, target, { keys: keys(name), key: name }, options),
    decryptFile: (name, source, target, options) => openFile(source, target, { keys: keys(name) }, options),
  };
}
