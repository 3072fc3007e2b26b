import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { aborted, createStopSignal } from './stop-signal.ts';

function watch() {
  const target = new EventEmitter();
  const clock = { ms: 0 };
  let ended = 0;
  const signal = createStopSignal(
    target,
    () => ended++,
    () => clock.ms,
  );
  return { target, clock, signal, ended: () => ended };
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${name} stops in order`, async () => {
    const { target, signal, ended } = watch();
    assert.equal(signal.aborted, false);
    const stopped = aborted(signal);
    target.emit(name);
    await stopped;
    await aborted(signal);
    assert.equal(ended(), 0);
  });
}

test('the same Ctrl-C twice, from the terminal and from a parent, is one', () => {
  const { target, clock, ended } = watch();
  target.emit('SIGINT');
  clock.ms = 400;
  target.emit('SIGINT');
  assert.equal(ended(), 0);
});

test('a second Ctrl-C ends at once', () => {
  const { target, clock, ended } = watch();
  target.emit('SIGINT');
  clock.ms = 600;
  target.emit('SIGINT');
  assert.equal(ended(), 1);
});
