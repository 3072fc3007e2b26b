import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSearch, stringifySearch } from './search-params.ts';

describe('search parameters', () => {
  for (const search of ['', '?search=10', '?search=true&sort=cpu', '?search=a+b%26c%3D%C3%A9']) {
    test(`"${search}" survives a round trip`, () => assert.equal(stringifySearch(parseSearch(search)), search));
  }

  test('stay strings', () => assert.deepEqual(parseSearch('?search=10'), { search: '10' }));
  test('leave out what says nothing', () =>
    assert.equal(stringifySearch({ search: '', status: undefined, sort: 'cpu' }), '?sort=cpu'));
});
