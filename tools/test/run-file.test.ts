import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { tempDir } from '../../testing/temp-dir.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { type FileResult, runFile } from './run-file.ts';

const IMPORTS = `import { before, describe, test } from 'node:test';
import { spawn } from 'node:child_process';
`;

async function runSource(
  source: string,
  timeoutMs = 30_000,
  signal = new AbortController().signal,
): Promise<FileResult> {
  await using dir = await tempDir();
  await writeFile(path.join(dir.path, 'x.test.ts'), IMPORTS + source);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return await runFile('x.test.ts', { cwd: dir.path, env, timeoutMs, signal });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('runFile', () => {
  test('counts tests, not suites', async () => {
    const { passed, failures } = await runSource(
      `describe('suite', () => { test('a', () => {}); describe('inner', () => { test('b', () => {}); }); });`,
    );
    assert.deepEqual({ passed, failures }, { passed: 2, failures: [] });
  });

  const cases = [
    {
      name: 'a failing test by its full name, with error and output',
      source: `describe('seal', () => { test('works', () => { console.log('a hint'); throw new TypeError('it broke'); }); });`,
      failed: 'seal › works',
      detail: /TypeError: it broke[\s\S]*output of x\.test\.ts:\na hint$/,
    },
    { name: 'a skipped test', source: `test.skip('later', () => {});`, failed: 'later', detail: /^skipped$/ },
    {
      name: 'a test that skips itself',
      source: `test('x', (t) => t.skip('no server'));`,
      failed: 'x',
      detail: /^skipped$/,
    },
    { name: 'a todo test', source: `test.todo('one day');`, failed: 'one day', detail: /^todo$/ },
    {
      name: 'a failing hook',
      source: `describe('suite', () => { before(() => { throw new Error('no database'); }); test('a', () => {}); });`,
      failed: 'suite',
      detail: /no database/,
    },
    { name: 'a file without tests', source: '', failed: 'x.test.ts', detail: /^declares no tests/ },
    {
      name: 'a file that does not parse',
      source: 'const = 1;',
      failed: 'x.test.ts',
      detail: /exit code 1[\s\S]*SyntaxError/,
    },
    {
      name: 'a file that exits before its tests end',
      source: `test('a', () => {}); test('b', () => process.exit(0)); test('c', () => {});`,
      failed: 'x.test.ts',
      detail: /exited before they had ended/,
    },
    {
      name: 'an exit code without a failed test',
      source: `test('a', () => {}); process.on('exit', () => { process.exitCode = 3; });`,
      failed: 'x.test.ts',
      detail: /exit code 3/,
    },
    {
      name: 'a file that is killed',
      source: `test('a', () => process.kill(process.pid, 'SIGKILL'));`,
      failed: 'x.test.ts',
      detail: /SIGKILL/,
    },
  ];
  for (const { name, source, failed, detail } of cases) {
    test(`fails ${name}`, async () => {
      const { failures } = await runSource(source);
      const failure = failures.find((one) => one.name === failed);
      assert.match(failure?.detail ?? `only ${JSON.stringify(failures)}`, detail);
    });
  }

  test('ends a file that hangs, with all that it started', async () => {
    const { passed, failures } = await runSource(
      `test('fine', () => {});
       test('hangs', async () => {
         console.log(spawn('sleep', ['60'], { stdio: 'inherit' }).pid);
         await new Promise(() => setInterval(() => {}, 1000));
       });`,
      2_000,
    );
    const detail = failures.at(-1)?.detail ?? '';
    assert.match(detail, /did not end within 2 s/);
    assert.equal(passed, 1);
    const child = Number(/\n(\d+)$/.exec(detail)?.[1]);
    assert.ok(child > 0);
    await waitFor('the child to be gone', () => !isAlive(child));
  });

  test('leaves no child and no temporary file of a passing file behind', async () => {
    await using dir = await tempDir();
    const noteFile = path.join(dir.path, 'note.json');
    const { failures } = await runSource(
      `import { mkdtempSync, writeFileSync } from 'node:fs';
       import { tmpdir } from 'node:os';
       test('leaks', () => {
         const child = spawn('sleep', ['60'], { stdio: 'inherit' });
         child.unref();
         const note = { pid: child.pid, folder: mkdtempSync(tmpdir() + '/leak-') };
         writeFileSync(${JSON.stringify(noteFile)}, JSON.stringify(note));
       });`,
    );
    assert.deepEqual(failures, []);
    const { pid, folder } = JSON.parse(await readFile(noteFile, 'utf8')) as { pid: number; folder: string };
    assert.equal(existsSync(folder), false);
    await waitFor('the child to be gone', () => !isAlive(pid));
  });

  test('stops when the run is interrupted', async () => {
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 500);
    const { failures } = await runSource(
      `test('long', () => new Promise((r) => setTimeout(r, 60_000)));`,
      60_000,
      interrupt.signal,
    );
    assert.match(failures.at(-1)?.detail ?? '', /stopped/);
  });
});
