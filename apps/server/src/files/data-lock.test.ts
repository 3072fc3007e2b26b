import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockDataDirectory } from './data-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulwark-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Another process that takes the lock and keeps it until it is killed. */
async function holdElsewhere() {
  const module = JSON.stringify(join(import.meta.dirname, 'data-lock.ts'));
  const script = `
    const { lockDataDirectory } = await import(${module});
    globalThis.lock = await lockDataDirectory(${JSON.stringify(directory)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a data directory held by another process is refused, naming it', async () => {
  const other = await holdElsewhere();
  try {
    await assert.rejects(lockDataDirectory(directory), {
      name: 'UnsafeFileError',
      message: `${directory} is in use by another Bulwark server (process ${other.pid})`,
    });
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

test('a lock is gone with a killed process', async () => {
  const other = await holdElsewhere();
  other.kill('SIGKILL');
  await once(other, 'exit');
  await (await lockDataDirectory(directory)).release();
});

test('a lock is exclusive within one process too, can be taken again after release, and its files are private', async () => {
  const first = await lockDataDirectory(directory);
  await assert.rejects(lockDataDirectory(directory), /in use by another Bulwark server/);
  for (const name of ['server.lock', 'server.pid']) {
    assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name);
  }
  await first.release();
  await first.release();
  await (await lockDataDirectory(directory)).release();
});
