import { randomBytes } from '@bulwark/crypto';

/**
 * A new id for a row, known before it is stored: a UUID of version 7 (RFC 9562, section 5.7), so that new rows lie
 * together in an index.
 *
 * @param now ms since the epoch.
 */
export function newRowId(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
