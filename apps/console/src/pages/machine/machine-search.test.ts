import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseMachineSearch, zoomTo } from './machine-search.ts';

describe('parseMachineSearch', () => {
  for (const [title, given, wanted] of [
    ['needs nothing', {}, {}],
    ['reads a range', { range: '24h' }, { range: '24h' }],
    ['passes over an unknown range', { range: 'valueOf' }, {}],
    ['reads a zoom', { range: '1h', from: '1000', to: '2000' }, { range: '1h', from: 1000, to: 2000 }],
    ['passes over half a zoom', { from: '1000' }, {}],
    ['passes over a zoom that ends before it begins', { from: '2000', to: '1000' }, {}],
    ['passes over words', { from: 'a', to: 'b' }, {}],
  ] as const) {
    test(title, () => assert.deepEqual(parseMachineSearch(given), wanted));
  }
});

describe('zoomTo', () => {
  test('keeps a stretch of minutes', () => assert.deepEqual(zoomTo(0.4, 600_000), { from: 0, to: 600_000 }));
  test('widens a stretch of seconds', () => assert.deepEqual(zoomTo(100_000, 110_000), { from: 75_000, to: 135_000 }));
});
