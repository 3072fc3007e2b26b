import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { hasEnded, PROCESS_MARK, thisProcess } from './process-mark.ts';

describe('a process mark, on Linux,', () => {
  test('is of a form that fits a file name, and the same each time', async () => {
    const mark = await thisProcess();
    assert.match(mark ?? '', new RegExp(`^${PROCESS_MARK.source}$`));
    assert.equal(await thisProcess(), mark);
  });

  test('of this process is not of one that has ended', async () => assert.equal(await hasEnded(await own()), false));

  test('of a process that is gone is', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    assert.equal(await hasEnded((await own()).replace(`.${process.pid}.`, `.${child.pid}.`)), true);
  });

  test('of an earlier process with the pid of a running one is', async () =>
    assert.equal(await hasEnded((await own()).replace(/\d+$/, '1')), true));

  test('of another boot is not: it may be of another machine', async () =>
    assert.equal(await hasEnded(`${'0'.repeat(32)}.1.1.1`), false));

  test('of another pid namespace is not', async () =>
    assert.equal(await hasEnded((await own()).replace(/\.\d+\./, '.1.').replace(/\d+$/, '1')), false));
});

async function own(): Promise<string> {
  const mark = await thisProcess();
  assert.ok(mark);
  return mark;
}
