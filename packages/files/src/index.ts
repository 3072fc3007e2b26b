export { type FileEncryption, openEncryption, openEncryptionFrom } from './encryption.ts';
export type { SealFor } from './envelope.ts';
export { FilesError, type FilesErrorCode } from './errors.ts';
export { deriveFileKey, type FileKey, type FileKeys, localFileKeys } from './file-keys.ts';
export type { RecipientType } from './header.ts';
export { type FileInspection, inspectFile } from './inspect-file.ts';
export { keyringFileKeys } from './keyring-file-keys.ts';
export type { FileMetadata } from './metadata.ts';
export { type OpenedResult, type OpenFileOptions, openFile } from './open-file.ts';
export { openRange, openSealedFile, type SealedFile } from './open-range.ts';
export type { TargetOptions, WorkOptions } from './options.ts';
export type { Progress } from './progress.ts';
export type { Identity, Opener, Recipient } from './recipients.ts';
export { type SealedResult, type SealFileOptions, sealFile } from './seal-file.ts';
export {
  fileOpeningStream,
  fileOpeningTransform,
  fileSealingStream,
  fileSealingTransform,
  type OpenStreamOptions,
  type SealStreamOptions,
} from './streams.ts';
export { type VerifiedFile, verifyFile } from './verify-file.ts';
