import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

describe('the README of a root provider has a recipe that runs', () => {
  const files = globSync('*/README.md', { cwd: import.meta.dirname }).sort();
  for (const file of files) {
    test(path.dirname(file), () => {
      const text = readFileSync(path.join(import.meta.dirname, file), 'utf8');
      const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(text) ?? [];
      assert.ok(code.includes(`@bulwark/keyring/roots/${path.dirname(file)}`));
      const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
      const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], options);
      assert.equal(run.status, 0, run.stderr);
    });
  }

  test('for each of the eight', () => assert.equal(files.length, 8));
});
