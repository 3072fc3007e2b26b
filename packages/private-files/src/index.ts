export { checkDataDirectory, ensureDataDirectory } from './data-directory.ts';
export { checkPrivateFile, readPrivateFile } from './private-file.ts';
export { shellQuote, systemReason, UnsafeFileError } from './unsafe-file-error.ts';
export { writePrivateFile } from './write-private-file.ts';
