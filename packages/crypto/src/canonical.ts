import { textRoom, writeText } from './utf8.ts';

// One type byte before every value that is authenticated or indexed, so that no two types share bytes.
// The numbers are part of stored formats and cannot change; 0x02 is kept for 64-bit integers.
const UUID = 0x01;
const TEXT = 0x03;

/** Where the 16 pairs of digits begin in a UUID's text, and its dashes. */
const UUID_PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const UUID_DASHES = [8, 13, 18, 23];
const DASH = 0x2d;
const UUID_CHARS = 36;

// The value of each ASCII character as a hex digit.
const NOT_HEX = 0xff;
const NIBBLES = new Uint8Array(128).fill(NOT_HEX);
for (const digits of ['0123456789abcdef', '0123456789ABCDEF']) {
  for (let value = 0; value < 16; value++) NIBBLES[digits.charCodeAt(value)] = value;
}

/** Text as bytes: 0x03 ‖ UTF-8. @throws CryptoError ERR_ARGUMENT */
export function canonicalText(text: string): Buffer {
  const value = Buffer.allocUnsafe(1 + textRoom(text));
  return value.subarray(0, writeCanonicalText(value, text, 0));
}

/** The most bytes that `writeRow` writes. */
export function rowRoom(row: string): number {
  return 1 + textRoom(row);
}

/**
 * Writes a row's id: 0x01 ‖ 16 bytes for a UUID in either case, otherwise 0x03 ‖ UTF-8.
 *
 * @returns Its length in bytes.
 * @throws CryptoError ERR_ARGUMENT
 */
export function writeRow(target: Buffer, row: string, offset: number): number {
  return writeUuid(target, row, offset) || writeCanonicalText(target, row, offset);
}

function writeCanonicalText(target: Buffer, text: string, offset: number): number {
  target[offset] = TEXT;
  return 1 + writeText(target, text, offset + 1);
}

// By hand: a fifth of the time of a regular expression, replaceAll and 'hex'. 0 says that the text is not a UUID.
function writeUuid(target: Buffer, text: string, offset: number): number {
  if (text.length !== UUID_CHARS) return 0;
  for (const at of UUID_DASHES) if (text.charCodeAt(at) !== DASH) return 0;
  target[offset] = UUID;
  let end = offset + 1;
  for (const at of UUID_PAIRS) {
    const high = NIBBLES[text.charCodeAt(at)] ?? NOT_HEX;
    const low = NIBBLES[text.charCodeAt(at + 1)] ?? NOT_HEX;
    if ((high | low) > 0x0f) return 0;
    target[end++] = (high << 4) | low;
  }
  return end - offset;
}
