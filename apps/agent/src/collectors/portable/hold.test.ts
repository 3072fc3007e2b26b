import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manualClock } from '../testing/clock.ts';
import { hold } from './hold.ts';

describe('a held measurement', () => {
  test('is repeated until it is old', async () => {
    const clock = manualClock();
    let value = 0;
    const collect = hold(() => ({ points: [{ metric: 'uptime', instance: '', value: ++value }] }), {
      everyMs: 60_000,
      now: clock.now,
    });
    const measured: unknown[] = [];
    for (let i = 0; i < 4; i += 1) {
      measured.push((await collect()).points?.[0]?.value);
      clock.advance(30_000);
    }
    assert.deepEqual(measured, [1, 1, 2, 2]);
  });

  test('is tried again at once after a failure', async () => {
    let tries = 0;
    const collect = hold(
      () => {
        tries += 1;
        if (tries === 1) throw new Error('not yet');
        return {};
      },
      { everyMs: 60_000, now: () => 0 },
    );
    await assert.rejects(async () => collect());
    assert.deepEqual(await collect(), {});
  });
});
