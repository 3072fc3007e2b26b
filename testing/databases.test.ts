import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { forEachDatabase } from './databases.ts';

const seen: Record<string, string[]> = { sqlite: [], postgres: [] };

forEachDatabase('forEachDatabase', (openUrl, engine) => {
  test('opens a different empty database each time', async () => {
    const urls = [await openUrl(), await openUrl()];
    assert.notEqual(urls[0], urls[1]);
    seen[engine]?.push(...urls);
    for (const url of urls) {
      if (engine === 'postgres') assert.match(url, /^postgres:\/\/postgres@127\.0\.0\.1:\d+\/test_[0-9a-f]{16}$/);
      else new DatabaseSync(url).close();
    }
  });
});

describe('afterwards', () => {
  test('the files are gone', () => {
    assert.equal(seen.sqlite?.length, 2);
    assert.equal(seen.postgres?.length, 2);
    for (const file of seen.sqlite ?? []) assert.equal(existsSync(file), false);
  });
});
