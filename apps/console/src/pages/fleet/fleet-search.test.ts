import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filterOf, parseFleetSearch, sortedBy } from './fleet-search.ts';

describe('parseFleetSearch', () => {
  for (const [title, given, wanted] of [
    ['reads all of it', { search: 'db', status: 'offline', sort: 'cpu', order: 'asc' }, null],
    ['needs nothing', {}, {}],
    ['passes over an unknown status', { status: 'asleep' }, {}],
    ['passes over an unknown column', { sort: 'toString', order: 'up' }, {}],
    ['passes over what is not its own', { offset: '5', search: '' }, {}],
  ] as const) {
    test(title, () => assert.deepEqual(parseFleetSearch(given), wanted ?? given));
  }
});

describe('filterOf', () => {
  test('sorts by name when nothing is said', () => assert.deepEqual(filterOf({}), { sort: 'name', order: 'asc' }));
  test('shows the highest first', () => assert.deepEqual(filterOf({ sort: 'cpu' }), { sort: 'cpu', order: 'desc' }));
});

describe('sortedBy', () => {
  const byName = filterOf({});
  test('turns the order of the same column', () => assert.equal(sortedBy('name', byName).order, 'desc'));
  test('begins another column its own way', () =>
    assert.deepEqual(sortedBy('cpu', byName), { sort: 'cpu', order: 'desc' }));
});
