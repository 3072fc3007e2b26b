import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bridgeShortGaps } from './gaps.ts';

const _ = undefined;

describe('bridgeShortGaps', () => {
  for (const [title, values, wanted] of [
    ['keeps a whole line', [1, 2, 3], [1, 2, 3]],
    ['bridges one late report', [1, null, 3], [1, _, 3]],
    ['bridges up to the longest', [1, null, null, 4], [1, _, _, 4]],
    ['ends the line at a longer hole', [1, null, null, null, 5], [1, null, null, null, 5]],
    ['keeps nothing before the first value', [null, null, 3], [null, null, 3]],
    ['keeps nothing after the last value', [1, null], [1, null]],
    ['keeps an empty line empty', [null, null], [null, null]],
  ] as const) {
    test(title, () => assert.deepEqual(bridgeShortGaps(values, 2), wanted));
  }
});
