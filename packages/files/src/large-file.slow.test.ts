import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, truncate } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { scratch } from '../testing/scratch.ts';

const GIB = 2 ** 30;
const MOST_MIB = 120;
const MOST_MS = 120_000;

// In a process of its own, whose peak of resident memory (proc_pid_status(5)) is then the file's alone.
const CHILD = `
  import { readFileSync } from 'node:fs';
  import { localFileKeys, openFile, sealFile } from '@bulwark/files';
  const peakMiB = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) / 1024;
  process.once('message', async ({ action, source, target, threads }) => {
    const keys = localFileKeys({ files: Buffer.alloc(32, 1) });
    const idle = peakMiB();
    if (action === 'seal') await sealFile(source, target, { key: 'files', keys }, { threads, durable: false });
    else await openFile(source, target, { keys }, { threads, durable: false });
    process.stdout.write(String(peakMiB() - idle));
    process.disconnect();
  });
`;

describe('2 GiB take less than 120 MiB above the idle process, and two minutes, with', () => {
  for (const threads of [1, 2]) {
    test(`${threads} threads`, async () => {
      await using files = await scratch();
      const content = await files.write('content', '');
      await truncate(content, 2 * GIB);
      for (const [action, source, target] of [
        ['seal', 'content', 'sealed'],
        ['open', 'sealed', 'opened'],
      ] as const) {
        const startedAt = performance.now();
        const child = spawn(process.execPath, ['--input-type=module', '--eval', CHILD], {
          cwd: import.meta.dirname,
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        });
        child.send({ action, source: files.path(source), target: files.path(target), threads });
        const [output] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
        assert.notEqual(output, '');
        assert.ok(Number(output) < MOST_MIB, `${action} took ${output} MiB`);
        assert.ok(performance.now() - startedAt < MOST_MS);
      }
      assert.equal((await stat(files.path('opened'))).size, 2 * GIB);
    });
  }
});
