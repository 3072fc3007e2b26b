import { openMessage, pae, type SymmetricKey, sealedLength, sealMessage } from '@bulwark/crypto';
import { FilesError, malformed } from './errors.ts';

/** What a sealed file says of the file it was, encrypted in its header. */
export interface FileMetadata {
  /** A name without a path. It comes from whoever sealed the file: ask before writing to it. */
  readonly name?: string;
  /** Length in bytes. */
  readonly size?: number;
  /** Last change, ms since the epoch. */
  readonly modifiedAt?: number;
  /** Media type, such as `image/png`. */
  readonly type?: string;
}

// Padded, so that the header's length tells little of the name's. JSON allows the spaces.
const BLOCK_BYTES = 256;
const MAX_NAME_BYTES = 1024;
const MAX_TYPE_BYTES = 255;

/** The padded plaintext. @throws FilesError ERR_ARGUMENT */
export function encodeMetadata(metadata: FileMetadata): Buffer {
  const problem = problemOf(metadata);
  if (problem !== undefined) throw new FilesError('ERR_ARGUMENT', `metadata.${problem}`);
  const { name, size, modifiedAt, type } = metadata;
  const text = Buffer.from(JSON.stringify({ name, size, modifiedAt, type }));
  return Buffer.concat([text], Math.ceil(text.length / BLOCK_BYTES) * BLOCK_BYTES).fill(' ', text.length);
}

/** Length of `sealMetadata`'s result. */
export function sealedMetadataBytes(encoded: Uint8Array): number {
  return sealedLength(encoded.length);
}

/** @param prefix The header's bytes before the metadata. @param context The caller's, if any. */
export function sealMetadata(key: SymmetricKey, encoded: Uint8Array, prefix: Uint8Array, context: Context): Buffer {
  return sealMessage(key, encoded, metadataContext(prefix, context));
}

/** @throws CryptoError ERR_OPEN_FAILED; FilesError ERR_SEALED_FORMAT when whoever sealed it did not keep to the form */
export function openMetadata(
  key: SymmetricKey,
  sealed: Uint8Array,
  prefix: Uint8Array,
  context: Context,
): FileMetadata {
  const metadata = parse(openMessage(key, sealed, metadataContext(prefix, context)).toString('utf8'));
  if (metadata === undefined || problemOf(metadata) !== undefined) throw malformed('its metadata is not well-formed');
  return metadata;
}

type Context = Uint8Array | undefined;

function metadataContext(prefix: Uint8Array, context: Context): Buffer {
  return pae('bw1/file/metadata', prefix, ...(context === undefined ? [] : [context]));
}

function parse(text: string): FileMetadata | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

// The same rules on both sides: a sender may be anybody, and a name like "../.profile" is the oldest trick there is.
function problemOf(metadata: object): string | undefined {
  const { name, size, modifiedAt, type, ...others } = metadata as Record<string, unknown>;
  if (name !== undefined && !isPlainName(name)) return 'name must be a file name without a path, up to 1024 bytes';
  if (size !== undefined && !isCount(size)) return 'size must be a whole number of bytes';
  if (modifiedAt !== undefined && !Number.isSafeInteger(modifiedAt)) return 'modifiedAt must be whole milliseconds';
  if (type !== undefined && !isMediaType(type)) return 'type must be printable ASCII, up to 255 characters';
  return Object.keys(others).length > 0 ? 'has only name, size, modifiedAt and type' : undefined;
}

function isPlainName(name: unknown): boolean {
  return (
    typeof name === 'string' &&
    name.isWellFormed() &&
    !['', '.', '..'].includes(name) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL or an escape sequence has no place in a name
    !/[/\\\u0000-\u001f\u007f]/.test(name) &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES
  );
}

function isMediaType(type: unknown): boolean {
  return typeof type === 'string' && /^[\x20-\x7e]*$/.test(type) && type.length <= MAX_TYPE_BYTES;
}

function isCount(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}
