import { FilesError, malformed } from './errors.ts';
import { KID_BYTES } from './file-keys.ts';

// The header of a sealed file, all of it a stored format:
//
//   "BWF1" (4) ‖ version 01 ‖ suite 04 ‖ flags (2) ‖ header length (4) ‖ kid (18) ‖ n (1)
//   ‖ n × { type (1) ‖ id length (2) ‖ id ‖ wrapped length (2) ‖ wrapped }
//   ‖ sealed metadata, to the header's end, when flag bit 0 says so
//
// Numbers are big-endian. The header is context of the body: any change makes the body's commitment fail.

const MARK = Buffer.from('BWF1');
const VERSION = 1;

/** Cobblestone-256, the id it has in sealed fields too. */
const SUITE = 4;

const FLAG_METADATA = 1;

/** Up to and including the header length. */
export const HEADER_START_BYTES = 12;
const FIXED_BYTES = HEADER_START_BYTES + KID_BYTES + 1;

/** The longest header written or accepted. */
export const MAX_HEADER_BYTES = 65_536;

/** The most recipients a file may have. */
export const MAX_RECIPIENTS = 20;

/** How a recipient gets at the file's key. */
export type RecipientType = 'key' | 'x25519' | 'hybrid' | 'passphrase';

// Wrapped lengths are fixed by type and checked before anything is unwrapped. A wrapped key of another length is either
// not ours or, for passphrases, the start of an attack that tries many passphrases with one file.
const FORMS: Readonly<
  Record<RecipientType, { type: number; idBytes: readonly [number, number]; wrappedBytes: number }>
> = {
  key: { type: 1, idBytes: [KID_BYTES, KID_BYTES], wrappedBytes: 104 },
  x25519: { type: 2, idBytes: [16, 16], wrappedBytes: 80 },
  hybrid: { type: 3, idBytes: [16, 16], wrappedBytes: 1168 },
  passphrase: { type: 4, idBytes: [16, 256], wrappedBytes: 104 },
};

/** One recipient as the header names it. */
export interface WrappedKey {
  readonly type: RecipientType;
  /** A key's kid (18), the start of a public key's hash (16), or a passphrase's KDF record (text). */
  readonly id: Uint8Array;
  /** The file's key, sealed. */
  readonly wrapped: Uint8Array;
}

/** What the header says. None of it is authentic until the body's commitment has been checked. */
export interface Header {
  /** Of the key that seals the body; without recipients, the one to look up. */
  readonly kid: Uint8Array;
  readonly recipients: readonly WrappedKey[];
  readonly sealedMetadata: Uint8Array | undefined;
  /** The header's bytes up to the metadata, which are the metadata's context. */
  readonly prefix: Uint8Array;
}

/** Header bytes up to the metadata, for a header that will hold `metadataBytes` of it. @throws FilesError ERR_ARGUMENT */
export function encodeHeaderPrefix(kid: Uint8Array, recipients: readonly WrappedKey[], metadataBytes: number): Buffer {
  if (recipients.length > MAX_RECIPIENTS) {
    throw new FilesError('ERR_ARGUMENT', `a file has at most ${MAX_RECIPIENTS} recipients, got ${recipients.length}`);
  }
  const body = recipients.flatMap(({ type, id, wrapped }) => [
    Uint8Array.of(FORMS[type].type),
    uint16(id.length),
    id,
    uint16(wrapped.length),
    wrapped,
  ]);
  const start = Buffer.alloc(HEADER_START_BYTES);
  start.set(MARK);
  start[4] = VERSION;
  start[5] = SUITE;
  start.writeUInt16BE(metadataBytes > 0 ? FLAG_METADATA : 0, 6);
  const prefix = Buffer.concat([start, kid, Uint8Array.of(recipients.length), ...body]);
  const length = prefix.length + metadataBytes;
  if (length > MAX_HEADER_BYTES) {
    throw new FilesError(
      'ERR_ARGUMENT',
      `recipients and metadata take ${length} bytes, at most ${MAX_HEADER_BYTES} fit`,
    );
  }
  prefix.writeUInt32BE(length, 8);
  return prefix;
}

/**
 * Length of the header that starts with these bytes.
 *
 * @param start 12 bytes, or all there are.
 * @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT
 */
export function headerLength(start: Uint8Array): number {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (!bytes.subarray(0, MARK.length).equals(MARK)) {
    throw new FilesError('ERR_NOT_SEALED', 'does not start with the mark of a sealed file');
  }
  if (bytes.length < HEADER_START_BYTES) throw malformed('its header is cut short');
  if (bytes[4] !== VERSION || bytes[5] !== SUITE) throw malformed('unknown version or suite');
  const length = bytes.readUInt32BE(8);
  if (length < FIXED_BYTES || length > MAX_HEADER_BYTES) throw malformed('its header length is out of range');
  return length;
}

/** Reads a whole header, and nothing after it. @throws FilesError ERR_NOT_SEALED, ERR_SEALED_FORMAT */
export function parseHeader(bytes: Buffer): Header {
  if (headerLength(bytes.subarray(0, HEADER_START_BYTES)) !== bytes.length) throw malformed('its header is cut short');
  const flags = bytes.readUInt16BE(6);
  if (flags !== 0 && flags !== FLAG_METADATA) throw malformed('unknown flags');
  const count = bytes[FIXED_BYTES - 1] ?? 0;
  if (count > MAX_RECIPIENTS) throw malformed('too many recipients');

  const recipients: WrappedKey[] = [];
  let offset = FIXED_BYTES;
  for (let i = 0; i < count; i++) {
    const [recipient, end] = parseRecipient(bytes, offset);
    recipients.push(recipient);
    offset = end;
  }
  // As in age: that a passphrase opens a file says its holders sealed it. Another recipient would make that untrue.
  if (count > 1 && recipients.some(({ type }) => type === 'passphrase')) throw malformed('a passphrase must be alone');
  const metadata = bytes.subarray(offset);
  if (metadata.length > 0 !== (flags === FLAG_METADATA)) throw malformed('metadata and flags disagree');
  return {
    kid: bytes.subarray(HEADER_START_BYTES, HEADER_START_BYTES + KID_BYTES),
    recipients,
    sealedMetadata: metadata.length > 0 ? metadata : undefined,
    prefix: bytes.subarray(0, offset),
  };
}

function parseRecipient(bytes: Buffer, start: number): [WrappedKey, end: number] {
  let offset = start + 1;
  const field = () => {
    if (offset + 2 > bytes.length) throw malformed('a recipient is cut short');
    const end = offset + 2 + bytes.readUInt16BE(offset);
    if (end > bytes.length) throw malformed('a recipient is cut short');
    const value = bytes.subarray(offset + 2, end);
    offset = end;
    return value;
  };
  const [id, wrapped] = [field(), field()];
  for (const [type, form] of Object.entries(FORMS)) {
    if (form.type !== bytes[start]) continue;
    if (id.length < form.idBytes[0] || id.length > form.idBytes[1] || wrapped.length !== form.wrappedBytes) break;
    return [{ type: type as RecipientType, id, wrapped }, offset];
  }
  throw malformed('unknown recipient type, or one of another length');
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
