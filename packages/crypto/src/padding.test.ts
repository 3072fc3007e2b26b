import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveFieldKey, openField, sealField } from './field.ts';
import type { FieldSuite } from './field-suite.ts';
import { pad, paddedLength, unpad } from './padding.ts';

const key = deriveFieldKey(Buffer.alloc(32, 1));
const cell = { scope: 't', table: 'person', column: 'name', row: '1' };
const find = () => key;

describe('padding', () => {
  test('brings any plaintext back, one that ends like padding as well', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => unpad(pad(bytes)).equals(bytes)));
    for (const bytes of [[], [0x80], [0x80, 0, 0], [0, 0, 0]]) {
      assert.deepEqual([...unpad(pad(Uint8Array.from(bytes)))], bytes);
    }
  });

  test('has buckets that grow by the root of two', () => {
    const lengths = [0, 15, 16, 21, 22, 31, 32, 45, 64, 1000].map(paddedLength);
    assert.deepEqual(lengths, [16, 16, 22, 22, 32, 32, 45, 64, 90, 1024]);
  });
});

describe('a padded field', () => {
  for (const suite of ['A256GCM', 'XAES-256-GCM', 'COBBLESTONE-256', 'FERNET'] satisfies FieldSuite[]) {
    test(`hides how long a short value is, with ${suite}`, () => {
      const own = deriveFieldKey(Buffer.alloc(32, 1), suite);
      const sealed = ['Li', 'Alexandra'].map((name) => sealField(own, cell, Buffer.from(name), { pad: true }));
      assert.equal(sealed[0]!.length, sealed[1]!.length);
      assert.deepEqual(
        sealed.map((value) => openField(() => own, cell, value).toString()),
        ['Li', 'Alexandra'],
      );
    });
  }

  test('does not open as one that is not padded, nor the other way round', () => {
    for (const pad of [true, false]) {
      const sealed = sealField(key, cell, Buffer.from('Li'), { pad });
      sealed[2]! ^= 0x08;
      assert.throws(() => openField(find, cell, sealed), { code: 'ERR_OPEN_FAILED' });
    }
  });

  test('of another flag is refused', () => {
    for (const flag of [0x04, 0x10, 0x80]) {
      const sealed = sealField(key, cell, Buffer.from('Li'), { pad: true });
      sealed[2]! |= flag;
      assert.throws(() => openField(find, cell, sealed), { code: 'ERR_SEALED_FORMAT' });
    }
  });
});
