import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatDecimal, formatPercent, formatPlural } from './number.ts';

describe('formatPercent', () => {
  for (const [value, wanted] of [
    [0, '0.0%'],
    [0.04, '0.0%'],
    [9.94, '9.9%'],
    [9.96, '10%'],
    [42.6, '43%'],
    [100, '100%'],
    [null, '–'],
    [undefined, '–'],
  ] as const) {
    test(`writes ${value} as ${wanted}`, () => assert.equal(formatPercent(value), wanted));
  }
});

describe('formatDecimal', () => {
  for (const [value, wanted] of [
    [0, '0'],
    [0.081, '0.08'],
    [1.5, '1.5'],
    [12.34, '12.3'],
    [480.2, '480'],
    [-3.25, '-3.25'],
  ] as const) {
    test(`writes ${value} as ${wanted}`, () => assert.equal(formatDecimal(value), wanted));
  }
});

describe('formatPlural', () => {
  for (const [count, wanted] of [
    [0, '0 machines'],
    [1, '1 machine'],
    [12480, '12,480 machines'],
  ] as const) {
    test(`writes ${wanted}`, () => assert.equal(formatPlural(count, 'machine'), wanted));
  }
});
