import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hex } from '../testing/hex.ts';
import { hkdf, hkdfExpand, hkdfExtract } from './hkdf.ts';
import type { HashName } from './hmac.ts';

const range = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

// RFC 5869, appendix A. Cases 4 to 7 use SHA-1, which this package does not offer.
const vectors = [
  {
    name: 'A.1',
    ikm: hex('0b'.repeat(22)),
    salt: range(0x00, 0x0c),
    info: range(0xf0, 0xf9),
    prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    name: 'A.2',
    ikm: range(0x00, 0x4f),
    salt: range(0x60, 0xaf),
    info: range(0xb0, 0xff),
    prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    okm: `b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09
      da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87`,
  },
  {
    name: 'A.3',
    ikm: hex('0b'.repeat(22)),
    salt: hex(''),
    info: hex(''),
    prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];

describe('HKDF-SHA256 gives the published result', () => {
  for (const { name, ikm, salt, info, prk, okm } of vectors) {
    test(name, () => {
      const output = hex(okm);
      assert.equal(hkdfExtract('sha256', ikm, salt).toString('hex'), prk);
      assert.deepEqual(hkdfExpand('sha256', hex(prk), info, output.length), output);
      assert.deepEqual(hkdf('sha256', ikm, salt, info, output.length), output);
    });
  }
});

describe('hkdf', () => {
  for (const hash of ['sha256', 'sha384', 'sha512'] as HashName[]) {
    test(`agrees with Node's own for ${hash}`, () => {
      const bytes = fc.uint8Array({ maxLength: 80 });
      fc.assert(
        fc.property(bytes, bytes, bytes, fc.integer({ min: 1, max: 300 }), (ikm, salt, info, length) => {
          assert.deepEqual(hkdf(hash, ikm, salt, info, length), Buffer.from(hkdfSync(hash, ikm, salt, info, length)));
        }),
      );
    });
  }

  for (const length of [0, -1, 1.5, 255 * 32 + 1, Number.NaN]) {
    test(`refuses to give ${length} bytes`, () => {
      assert.throws(() => hkdf('sha256', range(0, 31), hex(''), hex(''), length), { code: 'ERR_ARGUMENT' });
    });
  }
  test('refuses to expand a key shorter than 16 bytes', () => {
    assert.throws(() => hkdfExpand('sha256', range(0, 14), hex(''), 32), { code: 'ERR_KEY_LENGTH' });
  });
});
