import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  decodeBase64,
  decodeBase64Url,
  decodePaddedBase64Url,
  encodeBase64,
  encodeBase64Url,
  encodePaddedBase64Url,
} from './base64.ts';

// RFC 4648, section 10.
const vectors = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

describe('base64', () => {
  for (const [plain, encoded] of vectors) {
    test(`writes and reads "${plain}" as RFC 4648 does`, () => {
      const unpadded = encoded.replaceAll('=', '');
      assert.equal(encodeBase64(Buffer.from(plain)), encoded);
      assert.equal(decodeBase64(encoded).toString(), plain);
      assert.equal(encodeBase64Url(Buffer.from(plain)), unpadded);
      assert.equal(decodeBase64Url(unpadded).toString(), plain);
      assert.equal(encodePaddedBase64Url(Buffer.from(plain)), encoded);
      assert.equal(decodePaddedBase64Url(encoded).toString(), plain);
    });
  }

  test('reads back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.deepEqual(new Uint8Array(decodeBase64(encodeBase64(bytes))), bytes);
        assert.deepEqual(new Uint8Array(decodeBase64Url(encodeBase64Url(bytes))), bytes);
      }),
    );
  });
});

describe('decodeBase64Url refuses', () => {
  const cases = ['Zg==', 'Zh', 'Z', 'Zm9v ', '\nZm9v', 'Zm+v', 'Zm/v', 'Zm9v!', 'Zm9v\u0000'];
  for (const text of cases) {
    test(JSON.stringify(text), () => assert.throws(() => decodeBase64Url(text), { code: 'ERR_ENCODING' }));
  }
});

describe('decodeBase64 refuses', () => {
  const cases = ['Zg', 'Zg=', 'Zh==', 'Zg==Zg==', 'Zm9v\n', 'Zm-v', 'Zm_v', '='];
  for (const text of cases) {
    test(JSON.stringify(text), () => assert.throws(() => decodeBase64(text), { code: 'ERR_ENCODING' }));
  }
});

describe('decodePaddedBase64Url refuses', () => {
  const cases = ['Zg', 'Zg=', 'Zg===', 'Zm9v=', 'Zh==', 'Zm+v', 'Zg==\n', '=', '=='];
  for (const text of cases) {
    test(JSON.stringify(text), () => assert.throws(() => decodePaddedBase64Url(text), { code: 'ERR_ENCODING' }));
  }
});
