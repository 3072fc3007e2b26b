import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hex } from '../testing/hex.ts';
import { assertRefused, flipBit } from '../testing/tampering.ts';
import { aesUnwrap, aesWrap, type KeyWrapForm, unwrapKey, wrapKey } from './aes-key-wrap.ts';
import { generateKey } from './random.ts';

const kek = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const data = '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f';
const kek5649 = '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8';

// RFC 3394, section 4, and RFC 5649, section 6.
const vectors: { name: string; form: KeyWrapForm; kek: string; key: string; wrapped: string }[] = [
  {
    name: 'RFC 3394, 4.1',
    form: 'KW',
    kek: kek.slice(0, 32),
    key: data.slice(0, 32),
    wrapped: '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5',
  },
  {
    name: 'RFC 3394, 4.2',
    form: 'KW',
    kek: kek.slice(0, 48),
    key: data.slice(0, 32),
    wrapped: '96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d',
  },
  {
    name: 'RFC 3394, 4.3',
    form: 'KW',
    kek,
    key: data.slice(0, 32),
    wrapped: '64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7',
  },
  {
    name: 'RFC 3394, 4.4',
    form: 'KW',
    kek: kek.slice(0, 48),
    key: `${data.slice(0, 32)}0001020304050607`,
    wrapped: '031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2',
  },
  {
    name: 'RFC 3394, 4.5',
    form: 'KW',
    kek,
    key: `${data.slice(0, 32)}0001020304050607`,
    wrapped: 'a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1',
  },
  {
    name: 'RFC 3394, 4.6',
    form: 'KW',
    kek,
    key: data,
    wrapped: '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
  },
  {
    name: 'RFC 5649, 20 bytes',
    form: 'KWP',
    kek: kek5649,
    key: 'c37b7e6492584340bed12207808941155068f738',
    wrapped: '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
  },
  {
    name: 'RFC 5649, 7 bytes',
    form: 'KWP',
    kek: kek5649,
    key: '466f7250617369',
    wrapped: 'afbeb0f07dfbf5419200f2ccb50bb24f',
  },
];

describe('AES key wrap gives the published result', () => {
  for (const v of vectors) {
    test(v.name, () => {
      const wrappingKey = createSecretKey(hex(v.kek));
      assert.equal(aesWrap(wrappingKey, hex(v.key), v.form).toString('hex'), v.wrapped);
      assert.equal(aesUnwrap(wrappingKey, hex(v.wrapped), v.form).toString('hex'), v.key);
    });
  }
});

const lengths = { KWP: fc.integer({ min: 1, max: 80 }), KW: fc.integer({ min: 2, max: 10 }).map((n) => n * 8) };
for (const form of ['KWP', 'KW'] as const) {
  describe(form, () => {
    test('unwraps again, and refuses every change', () => {
      fc.assert(
        fc.property(lengths[form], fc.nat(), fc.nat(), (length, flipAt, cutAt) => {
          const [wrappingKey, key] = [generateKey(), Buffer.alloc(length, 7)];
          const wrapped = wrapKey(wrappingKey, key, form);
          assert.deepEqual(unwrapKey(wrappingKey, wrapped, form), key);
          const changed = [
            flipBit(wrapped, flipAt % (wrapped.length * 8)),
            wrapped.subarray(0, cutAt % wrapped.length),
            Buffer.concat([wrapped, Buffer.alloc(8)]),
          ];
          for (const bytes of changed) assertRefused(() => unwrapKey(wrappingKey, bytes, form), 'ERR_OPEN_FAILED');
          assertRefused(() => unwrapKey(generateKey(), wrapped, form), 'ERR_OPEN_FAILED');
        }),
      );
    });

    test('is not taken for the other form', () => {
      const wrapped = wrapKey(hex(kek), generateKey(), form);
      assertRefused(() => unwrapKey(hex(kek), wrapped, form === 'KW' ? 'KWP' : 'KW'), 'ERR_OPEN_FAILED');
    });

    for (const length of form === 'KW' ? [0, 8, 15, 17] : [0]) {
      test(`does not wrap ${length} bytes`, () => {
        assertRefused(() => wrapKey(generateKey(), Buffer.alloc(length), form), 'ERR_KEY_LENGTH');
      });
    }
    test('needs a wrapping key of 32 bytes', () => {
      assertRefused(() => wrapKey(Buffer.alloc(16), generateKey(), form), 'ERR_KEY_LENGTH');
    });
  });
}
