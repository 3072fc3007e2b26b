import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stepsFor, timeLabels, topOf } from './axis.ts';

describe('stepsFor', () => {
  test('counts bytes in powers of two', () => assert.deepEqual(stepsFor('bytes/s')?.slice(9, 12), [512, 1024, 2048]));
  test('leaves the rest to the chart', () => assert.equal(stepsFor('percent'), undefined));
});

describe('topOf', () => {
  for (const [highest, unit, wanted] of [
    [null, 'load', 1],
    [0, 'bytes/s', 1024],
    [10, 'load', 11],
  ] as const) {
    test(`ends ${highest} ${unit} at ${wanted}`, () => assert.equal(topOf(highest, unit), wanted));
  }
});

describe('timeLabels', () => {
  const midnight = Date.UTC(2026, 10, 22) / 1000;
  test('names the day at midnight', () =>
    assert.deepEqual(timeLabels([midnight - 3600, midnight, midnight + 3600], 3600, 'UTC'), [
      '23:00',
      '22 Nov',
      '01:00',
    ]));
  test('has seconds where steps are short', () =>
    assert.deepEqual(timeLabels([midnight, midnight + 30], 30, 'UTC'), ['00:00:00', '00:00:30']));
});
