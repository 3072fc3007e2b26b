import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  for (const [, title = '', code = ''] of readme.matchAll(/^### ([^\n]+)\n[^#]*?```ts\n(.*?)```/gms)) {
    test(`has a recipe that runs: ${title}`, () => {
      const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
      const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], options);
      assert.equal(run.status, 0, run.stderr);
    });
  }

  test('has three recipes', () => assert.equal([...readme.matchAll(/^```ts$/gm)].length, 3));
});
