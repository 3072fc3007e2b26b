import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constantTimeEqual } from './equal.ts';

describe('constantTimeEqual', () => {
  const cases = [
    { name: 'empty values equal', a: [], b: [], equal: true },
    { name: 'the same bytes equal', a: [1, 2], b: [1, 2], equal: true },
    { name: 'other bytes different', a: [1, 2], b: [1, 3], equal: false },
    { name: 'a prefix different', a: [1, 2], b: [1], equal: false },
  ];
  for (const { name, a, b, equal } of cases) {
    test(`calls ${name}`, () => assert.equal(constantTimeEqual(Uint8Array.from(a), Uint8Array.from(b)), equal));
  }
});
