import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

/** What a log writes to standard error. */
function written(isTTY: boolean, use: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const stderr = { isTTY, write: (line: string) => (text += line) } as unknown as NodeJS.WritableStream;
  use(createLog('server', 'info', stderr));
  return text;
}

test('a log is JSON lines where nobody watches', () => {
  const text = written(false, (log) => log.warn({ attempt: 3 }, 'not reached'));
  const { level, name, attempt, msg } = JSON.parse(text);
  assert.deepEqual({ level, name, attempt, msg }, { level: 40, name: 'server', attempt: 3, msg: 'not reached' });
});

test('a log is readable on a terminal', () => {
  const text = written(true, (log) => log.warn({ attempt: 3 }, 'not reached'));
  assert.match(text, /^\d\d:\d\d:\d\d warn {2}server: not reached {2}attempt=3\n$/);
});

test('an error on a terminal is its message, without a stack', () => {
  const text = written(true, (log) => log.error({ err: new Error('refused') }, 'stopped'));
  assert.match(text, /error server: stopped {2}err=refused\n$/);
});

test('lines below the level are not written', () =>
  assert.equal(
    written(true, (log) => log.debug('no')),
    '',
  ));
