import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Normaliser, normalise } from './normaliser.ts';

const cases: [Normaliser, string, string][] = [
  ['exact', ' Ada ', ' Ada '],
  ['exact', 'ﬁ', 'ﬁ'],
  ['caseless', 'ADA', 'ada'],
  ['caseless', 'Straße', 'strasse'],
  ['caseless', 'ΟΔΟΣ', 'οδος'],
  ['caseless', 'οδοσ', 'οδος'],
  ['caseless', 'ﬁn', 'fin'],
  ['caseless', 'e\u0301', '\u00e9'],
  ['caseless', ' a ', ' a '],
  ['email', ' Ada.L+x@Example.TEST\n', 'ada.l+x@example.test'],
  ['digits', '+49 (30) 123-456', '4930123456'],
  ['digits', '１２３', '123'],
  ['words', '  José \t  ÁLVAREZ ', 'jose alvarez'],
];

describe('normalise', () => {
  for (const [normaliser, value, expected] of cases) {
    test(`${normaliser} brings ${JSON.stringify(value)} to ${JSON.stringify(expected)}`, () => {
      assert.equal(normalise(normaliser, value), expected);
      assert.equal(normalise(normaliser, expected), expected);
    });
  }
  test('refuses text that has no UTF-8', () => {
    assert.throws(() => normalise('exact', '\udfff'), { code: 'ERR_ARGUMENT' });
  });
});
