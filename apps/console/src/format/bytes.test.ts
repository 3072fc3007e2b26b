import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatByteRate, formatBytes } from './bytes.ts';

describe('formatBytes', () => {
  for (const [bytes, wanted] of [
    [0, '0 B'],
    [512, '512 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [16_777_216, '16 MiB'],
    [16_777_216 * 1000, '15.6 GiB'],
    [2 ** 50, '1 PiB'],
    [2 ** 53, '8 PiB'],
    [-2048, '-2 KiB'],
  ] as const) {
    test(`writes ${bytes} as ${wanted}`, () => assert.equal(formatBytes(bytes), wanted));
  }

  test('never needs more than three digits before the prefix', () => {
    for (let bytes = 1; bytes < 2 ** 53; bytes *= 1.37) {
      const [number = ''] = formatBytes(bytes).split(' ');
      assert.ok(number.replace('.', '').length <= 3 || Number(number) < 1, `${bytes} → ${number}`);
    }
  });
});

test('formatByteRate adds the second', () => assert.equal(formatByteRate(1_572_864), '1.5 MiB/s'));
