import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

/** Declares a test for each of a package's README's three recipes, run as a module of the folder. @param folder `src`. */
export function testReadmeRecipes(folder: string): void {
  const readme = readFileSync(path.join(folder, '../README.md'), 'utf8');
  describe('the README', () => {
    for (const [, title = '', code = ''] of readme.matchAll(/^### ([^\n]+)\n[^#]*?```ts\n(.*?)```/gms)) {
      test(`has a recipe that runs: ${title}`, () => {
        const options = { cwd: folder, encoding: 'utf8' } as const;
        const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], options);
        assert.equal(run.status, 0, run.stderr);
      });
    }

    test('has three recipes', () => assert.equal([...readme.matchAll(/^```ts$/gm)].length, 3));
  });
}
