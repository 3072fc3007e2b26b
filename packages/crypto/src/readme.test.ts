import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { deriveFieldKey, type FieldSuite, sealField } from './index.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the README', () => {
  const recipes = read('../README.md').matchAll(/^### ([^\n]+)\n[^#]*?```ts\n(.*?)```/gms);
  for (const [, title = '', code = ''] of recipes) {
    test(`has a recipe that runs: ${title}`, () => {
      const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const;
      const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], options);
      assert.equal(run.status, 0, run.stderr);
    });
  }

  test('has three recipes', () => {
    assert.equal([...read('../README.md').matchAll(/^```ts$/gm)].length, 3);
  });
});

describe('the page on suites', () => {
  const rows = read('../docs/choosing-a-suite.md').matchAll(/^\| `([A-Z0-9-]+)`(?: \(default\))? \| (\d+)/gm);
  for (const [, suite = '', bytes] of rows) {
    test(`gives the overhead of ${suite}`, () => {
      const cell = { scope: 's', table: 't', column: 'c', row: suite === 'XAES-DET' ? undefined : 'r' };
      const plaintext = Buffer.alloc(15); // for Fernet the least; it pads to whole blocks
      const sealed = sealField(deriveFieldKey(Buffer.alloc(32), suite as FieldSuite), cell, plaintext);
      assert.equal(sealed.length - plaintext.length, Number(bytes));
    });
  }
});
