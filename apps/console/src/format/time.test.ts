import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAbsolute, formatAgo, formatClock, formatDay, formatDuration, formatZone } from './time.ts';

const noon = Date.UTC(2026, 10, 22, 12, 5, 9);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('formatAgo', () => {
  for (const [age, wanted] of [
    [-5 * MINUTE, 'now'],
    [0, 'now'],
    [2 * SECOND, '2 s ago'],
    [59.9 * SECOND, '59 s ago'],
    [MINUTE, '1 min ago'],
    [3 * HOUR + 59 * MINUTE, '3 h ago'],
    [47 * HOUR, '47 h ago'],
    [12 * DAY, '12 d ago'],
  ] as const) {
    test(`calls ${age} ms "${wanted}"`, () => assert.equal(formatAgo(noon - age, noon), wanted));
  }
});

describe('formatDuration', () => {
  for (const [ms, wanted] of [
    [-1, '0 s'],
    [42 * SECOND, '42 s'],
    [5 * MINUTE + 9 * SECOND, '5 min 9 s'],
    [3 * HOUR + 12 * MINUTE, '3 h 12 min'],
    [41 * DAY + 7 * HOUR, '41 d 7 h'],
  ] as const) {
    test(`writes ${ms} ms as ${wanted}`, () => assert.equal(formatDuration(ms), wanted));
  }
});

describe('a moment in UTC', () => {
  test('has a clock of 24 hours', () => assert.equal(formatClock(Date.UTC(2026, 0, 1, 0, 3), 'UTC'), '00:03'));
  test('has a day', () => assert.equal(formatDay(noon, 'UTC'), '22 Nov'));
  test('names its zone', () => assert.equal(formatZone(noon, 'UTC'), 'UTC'));
  test('is written in full', () => assert.equal(formatAbsolute(noon, 'UTC'), '22 Nov 2026, 12:05:09 UTC'));
});
