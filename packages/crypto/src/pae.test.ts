import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pae } from './pae.ts';

describe('pae', () => {
  const cases = [
    { name: 'no part as a count alone', parts: [], encoded: '00000000' },
    { name: 'an empty part as a length alone', parts: [''], encoded: '0000000100000000' },
    { name: 'text as UTF-8', parts: ['é'], encoded: '0000000100000002c3a9' },
    { name: 'long text as UTF-8', parts: ['€'.repeat(100)], encoded: `000000010000012c${'e282ac'.repeat(100)}` },
    { name: 'bytes as they are', parts: [Uint8Array.of(1, 2), 'a'], encoded: '000000020000000201020000000161' },
  ];
  for (const { name, parts, encoded } of cases) {
    test(`writes ${name}`, () => assert.equal(pae(...parts).toString('hex'), encoded));
  }

  test('tells where one part ends and the next begins', () => {
    assert.notDeepEqual(pae('a', 'bc'), pae('ab', 'c'));
    assert.notDeepEqual(pae('a'), pae('a', ''));
  });

  test('refuses text that has no UTF-8', () => assert.throws(() => pae('\ud800'), { code: 'ERR_ARGUMENT' }));

  test('gives the same bytes only for the same parts', () => {
    const parts = fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        assert.equal(pae(...a).equals(pae(...b)), JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
