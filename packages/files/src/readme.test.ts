import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { scratch } from '../testing/scratch.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  const recipes = [...readme.matchAll(/^### ([^\n]+)\n[^#]*?```ts\n(.*?)```/gms)];
  for (const [, title = '', code = ''] of recipes) {
    test(`has a recipe that runs: ${title}`, async () => {
      await using files = await scratch();
      // Packages are found from here, files written there.
      const script = `process.chdir(${JSON.stringify(files.path('.'))});\n${code}`;
      const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
      const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', script], options);
      assert.equal(run.status, 0, run.stderr);
    });
  }

  test('has three recipes', () => assert.equal(recipes.length, 3));

  test('names every error code', () => {
    const source = readFileSync(join(import.meta.dirname, 'errors.ts'), 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code);
    const named = [...readme.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code);
    assert.deepEqual(named.toSorted(), codes.toSorted());
  });
});
