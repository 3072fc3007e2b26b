import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Contribution } from './reading.ts';
import { reason, supervise } from './supervise.ts';
import { manualClock } from './testing/clock.ts';

const good: Contribution = { points: [{ metric: 'uptime', instance: '', value: 1 }] };
const fails = () => Promise.reject(new TypeError('/home/ada'));

describe('a supervised collector', () => {
  test('passes on what was measured', async () => {
    const collector = supervise(() => good, { timeoutMs: 100, now: () => 0 });
    assert.deepEqual(await collector.run(), good);
    assert.equal(collector.failure(), undefined);
  });

  test('gives nothing and says why when it throws', async () => {
    const collector = supervise(fails, { timeoutMs: 100, now: () => 0 });
    assert.deepEqual(await collector.run(), {});
    assert.equal(collector.failure(), 'TypeError');
  });

  test('gives nothing when it hangs, and is not started again until it has come back', async () => {
    const sensor = Promise.withResolvers<Contribution>();
    let started = 0;
    const collector = supervise(
      () => {
        started += 1;
        return sensor.promise;
      },
      { timeoutMs: 5, now: () => 0 },
    );
    assert.deepEqual(await collector.run(), {});
    assert.equal(collector.failure(), 'no answer within 5 ms');
    await collector.run();
    assert.equal(started, 1);
    assert.equal(collector.failure(), 'an earlier try has not come back');
    sensor.resolve(good);
    await sensor.promise;
    assert.deepEqual(await collector.run(), good);
    assert.equal(collector.failure(), undefined);
  });

  test('is paused after three failures in a row, longer each time', async () => {
    const clock = manualClock();
    let tries = 0;
    const collector = supervise(
      () => {
        tries += 1;
        return fails();
      },
      { timeoutMs: 100, now: clock.now },
    );
    for (let i = 0; i < 5; i += 1) await collector.run();
    assert.equal(tries, 3);
    assert.equal(collector.failure(), 'TypeError; paused for 60 s after 3 failures');
    clock.advance(60_000);
    for (let i = 0; i < 5; i += 1) await collector.run();
    assert.equal(tries, 4);
    assert.equal(collector.failure(), 'TypeError; paused for 120 s after 4 failures');
  });

  test('counts failures anew after a success', async () => {
    let tries = 0;
    const collector = supervise(() => (++tries % 3 === 0 ? good : fails()), { timeoutMs: 100, now: () => 0 });
    for (let i = 0; i < 9; i += 1) await collector.run();
    assert.equal(tries, 9);
  });

  test('says what is missing from a part', async () => {
    const collector = supervise(() => ({ ...good, problem: 'one is silent' }), { timeoutMs: 100, now: () => 0 });
    assert.deepEqual((await collector.run()).points, good.points);
    assert.equal(collector.failure(), 'one is silent');
  });
});

test('a reason names no path', () => {
  const error = Object.assign(new Error("ENOENT: open '/mnt/ada'"), { code: 'ENOENT', syscall: 'open' });
  assert.equal(reason(error), 'ENOENT in open');
});
