import { textRoom, writeText } from './utf8.ts';

/**
 * Pre-authentication encoding: joins parts so that no two lists of parts give the same bytes.
 *
 * A missing part is a shorter list, never an empty string, and `('a', 'bc')` differs from `('ab', 'c')`.
 *
 * @param parts Strings are taken as UTF-8 and must be well-formed: lone surrogates all encode alike.
 * @returns u32 count ‖ (u32 length ‖ bytes)*, big-endian.
 * @throws CryptoError ERR_ARGUMENT
 */
export function pae(...parts: (string | Uint8Array)[]): Buffer {
  let room = 4;
  for (const part of parts) room += 4 + (typeof part === 'string' ? textRoom(part) : part.length);

  const encoded = Buffer.allocUnsafe(room);
  let end = encoded.writeUInt32BE(parts.length, 0);
  for (const part of parts) {
    end = typeof part === 'string' ? writeTextPart(encoded, end, part) : writeBytesPart(encoded, end, part);
  }
  return encoded.subarray(0, end);
}

/** Writes u32 length ‖ UTF-8, where there is `textRoom` and 4 bytes. @returns The offset after it. @throws CryptoError ERR_ARGUMENT */
export function writeTextPart(target: Buffer, offset: number, text: string): number {
  const length = writeText(target, text, offset + 4);
  return target.writeUInt32BE(length, offset) + length;
}

/** Writes u32 length ‖ bytes. @returns The offset after it. */
export function writeBytesPart(target: Buffer, offset: number, bytes: Uint8Array): number {
  target.set(bytes, offset + 4);
  return target.writeUInt32BE(bytes.length, offset) + bytes.length;
}
