import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FilesError } from './errors.ts';
import { encodeHeaderPrefix, headerLength, MAX_HEADER_BYTES, parseHeader, type WrappedKey } from './header.ts';

const kid = Buffer.alloc(18, 7);
const x25519: WrappedKey = { type: 'x25519', id: Buffer.alloc(16, 1), wrapped: Buffer.alloc(80, 2) };
const hybrid: WrappedKey = { type: 'hybrid', id: Buffer.alloc(16, 3), wrapped: Buffer.alloc(1168, 4) };
const key: WrappedKey = { type: 'key', id: Buffer.alloc(18, 5), wrapped: Buffer.alloc(104, 6) };
const passphrase: WrappedKey = { type: 'passphrase', id: Buffer.alloc(40, 8), wrapped: Buffer.alloc(104, 9) };

const encoded = (recipients: WrappedKey[] = [], metadata = Buffer.alloc(0)) =>
  Buffer.concat([encodeHeaderPrefix(kid, recipients, metadata.length), metadata]);
const withByte = (bytes: Buffer, at: number, value: number) => {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
};

test('a header is exactly as the format table has it', () => {
  const expected = '42574631 01 04 0000 0000001f 070707070707070707070707070707070707 00'.replaceAll(' ', '');
  assert.equal(encoded().toString('hex'), expected);
});

describe('a header is read as it was written', () => {
  for (const [name, recipients] of Object.entries({
    'without recipients': [],
    'with all that can be together': [x25519, hybrid, key],
    'with a passphrase': [passphrase],
    'with twenty hybrid recipients': Array<WrappedKey>(20).fill(hybrid),
  })) {
    for (const metadata of [Buffer.alloc(0), Buffer.alloc(328, 10)]) {
      test(`${name} and ${metadata.length} bytes of metadata`, () => {
        const bytes = encoded(recipients, metadata);
        const header = parseHeader(bytes);
        assert.equal(headerLength(bytes.subarray(0, 12)), bytes.length);
        assert.deepEqual(header.recipients, recipients);
        assert.deepEqual(header.kid, kid);
        assert.deepEqual(header.sealedMetadata ?? Buffer.alloc(0), metadata);
        assert.deepEqual(header.prefix, bytes.subarray(0, bytes.length - metadata.length));
      });
    }
  }
});

describe('parseHeader refuses', () => {
  const one = encoded([x25519]);
  const cases: Record<string, Buffer> = {
    'an unknown version': withByte(encoded(), 4, 2),
    'an unknown suite': withByte(encoded(), 5, 2),
    'a reserved flag': withByte(encoded(), 6, 0x80),
    'an unknown flag': withByte(encoded(), 7, 2),
    'a flag for metadata that is not there': withByte(encoded(), 7, 1),
    'metadata without its flag': withByte(encoded([], Buffer.alloc(5)), 7, 0),
    'a length below the least': withByte(encoded(), 11, 30),
    'a length above the most': withByte(encoded(), 8, 1),
    'a length that is not its own': withByte(encoded(), 11, 32),
    'more recipients than are there': withByte(one, 30, 2),
    'fewer recipients than are there': withByte(one, 30, 0),
    'twenty-one recipients': withByte(encoded(Array<WrappedKey>(20).fill(x25519)), 30, 21),
    'an unknown recipient type': withByte(one, 31, 9),
    'an id of another length': withByte(one, 33, 15),
    'a wrapped key of another length': encoded([{ ...passphrase, wrapped: Buffer.alloc(105) }]),
    'a passphrase beside another recipient': encoded([passphrase, x25519]),
    'two passphrases': encoded([passphrase, passphrase]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, () => assert.throws(() => parseHeader(bytes), { name: 'FilesError', code: 'ERR_SEALED_FORMAT' }));
  }

  test('every header that was cut', () => {
    const bytes = encoded([x25519, key], Buffer.alloc(100));
    for (let length = 0; length < bytes.length; length++) {
      const code = length < 4 ? 'ERR_NOT_SEALED' : 'ERR_SEALED_FORMAT';
      assert.throws(() => parseHeader(bytes.subarray(0, length)), { code }, `${length} bytes`);
    }
  });

  test('or reads any bytes after the mark without another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const body = Buffer.concat([encoded().subarray(0, 8), Buffer.alloc(4), bytes]);
        body.writeUInt32BE(body.length, 8);
        try {
          parseHeader(body);
        } catch (error) {
          assert.ok(error instanceof FilesError && error.code === 'ERR_SEALED_FORMAT');
        }
      }),
    );
  });
});

test('encodeHeaderPrefix writes nothing that parseHeader would refuse as too much', () => {
  assert.throws(() => encoded(Array<WrappedKey>(21).fill(x25519)), { code: 'ERR_ARGUMENT' });
  assert.throws(() => encoded([], Buffer.alloc(MAX_HEADER_BYTES - 30)), { code: 'ERR_ARGUMENT' });
  assert.equal(parseHeader(encoded([], Buffer.alloc(MAX_HEADER_BYTES - 31))).sealedMetadata?.length, 65_505);
});
