import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rowSplits } from './rows.ts';

describe('rowSplits', () => {
  for (const [count, wanted] of [
    [1, [0.5]],
    [4, [0.5, 1.5, 2.5, 3.5]],
    [16, [1.5, 3.5, 5.5, 7.5, 9.5, 11.5, 13.5, 15.5]],
  ] as const) {
    test(`labels ${count} strips in their middle, the first on top`, () => assert.deepEqual(rowSplits(count), wanted));
  }
});
