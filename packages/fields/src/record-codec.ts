import { FieldsError } from './errors.ts';

// Several values in one plaintext: count (2) ‖ (name length (1) ‖ name ‖ value length (4) ‖ value)*, big-endian. A stored
// format. Named, so that fields can be added and their order changed.

const NULL = 0xffffffff;

/** Packs the values of a record. */
export function encodeRecord(values: ReadonlyMap<string, Uint8Array | null>): Buffer {
  const parts: Uint8Array[] = [u16(values.size)];
  for (const [name, value] of values) {
    const nameBytes = Buffer.from(name);
    parts.push(Uint8Array.of(nameBytes.length), nameBytes, u32(value === null ? NULL : value.length));
    if (value !== null) parts.push(value);
  }
  return Buffer.concat(parts);
}

/** Unpacks the values of a record; what it returns are views. What comes in is authenticated. */
export function decodeRecord(bytes: Buffer): Map<string, Buffer | null> {
  const values = new Map<string, Buffer | null>();
  let at = 2;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new FieldsError('ERR_OPEN_FAILED', 'a record ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  for (let left = bytes.readUInt16BE(0); left > 0; left--) {
    const name = take(take(1)[0]!).toString('utf8');
    const length = take(4).readUInt32BE(0);
    values.set(name, length === NULL ? null : take(length));
  }
  return values;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
