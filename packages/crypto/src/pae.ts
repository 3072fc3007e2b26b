import { requireWellFormed } from './utf8.ts';

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
  let length = 4;
  for (const part of parts) length += 4 + byteLength(part);

  const encoded = Buffer.allocUnsafe(length);
  let offset = encoded.writeUInt32BE(parts.length, 0);
  for (const part of parts) {
    const start = offset + 4;
    if (typeof part === 'string') {
      const written = encoded.write(part, start, 'utf8');
      encoded.writeUInt32BE(written, offset);
      offset = start + written;
    } else {
      encoded.writeUInt32BE(part.length, offset);
      encoded.set(part, start);
      offset = start + part.length;
    }
  }
  return encoded;
}

function byteLength(part: string | Uint8Array): number {
  return typeof part === 'string' ? Buffer.byteLength(requireWellFormed(part), 'utf8') : part.length;
}
