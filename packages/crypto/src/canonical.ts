import { requireWellFormed } from './utf8.ts';

// One type byte before every value that is authenticated or indexed, so that no two types share bytes.
// The numbers are part of stored formats and cannot change; 0x02 is kept for 64-bit integers.
const UUID = 0x01;
const TEXT = 0x03;

const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A row's id as bytes: 0x01 ‖ 16 bytes for a UUID in either case, otherwise 0x03 ‖ UTF-8. @throws CryptoError ERR_ARGUMENT */
export function canonicalRow(row: string): Buffer {
  return UUID_FORM.test(row) ? tagged(UUID, Buffer.from(row.replaceAll('-', ''), 'hex')) : canonicalText(row);
}

/** Text as bytes: 0x03 ‖ UTF-8. @throws CryptoError ERR_ARGUMENT */
export function canonicalText(text: string): Buffer {
  return tagged(TEXT, Buffer.from(requireWellFormed(text), 'utf8'));
}

function tagged(type: number, bytes: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(1 + bytes.length);
  value[0] = type;
  value.set(bytes, 1);
  return value;
}
