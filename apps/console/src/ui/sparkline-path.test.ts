import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sparklinePaths } from './sparkline-path.ts';

const box = { width: 40, height: 10, top: 100 };

describe('sparklinePaths', () => {
  for (const [title, values, line] of [
    ['draws one line', [0, 50, 100], 'M0 10L20 5L40 0'],
    ['breaks the line at a hole', [0, 0, null, 100, 100], 'M0 10L10 10M30 0L40 0'],
    ['draws a lone value as a dot', [null, 50, null], 'M20 5h0'],
    ['keeps to the box', [-5, 250], 'M0 10L40 0'],
    ['draws nothing of nothing', [null, null], ''],
    ['draws nothing of no values', [], ''],
  ] as const) {
    test(title, () => assert.equal(sparklinePaths(values, box).line, line));
  }

  test('closes the area of each run on the base line', () => {
    assert.equal(sparklinePaths([50, 50, null], box).area, 'M0 10L0 5L20 5L20 10Z');
  });
});
