import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scheduleRotation } from './rotation-scheduler.ts';

const report = { rotated: [], failed: [] };

describe('scheduled rotation', () => {
  test('makes a round at once and in each interval, also after one that failed', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    let rounds = 0;
    const errors: unknown[] = [];
    const rotateExpired = async () => {
      if (++rounds === 2) throw new Error('away');
      return report;
    };
    const scheduler = scheduleRotation({ rotateExpired }, { everyMs: 1_000, onError: (error) => errors.push(error) });
    await nextTurn();
    for (let i = 0; i < 3; i++) {
      mock.timers.tick(1_000);
      await nextTurn();
    }
    await scheduler.stop();
    mock.timers.tick(5_000);
    mock.timers.reset();
    assert.deepEqual([rounds, errors.length], [4, 1]);
  });

  test('makes one round at a time, and ends with it', async () => {
    let finish = () => {};
    let rounds = 0;
    const rotateExpired = () => {
      rounds++;
      return new Promise<typeof report>((resolve) => {
        finish = () => resolve(report);
      });
    };
    const scheduler = scheduleRotation({ rotateExpired });
    const joined = scheduler.runNow();
    let isStopped = false;
    const stopping = scheduler.stop().then(() => {
      isStopped = true;
    });
    await nextTurn();
    assert.equal(isStopped, false);
    finish();
    await Promise.all([joined, stopping]);
    assert.equal(rounds, 1);
  });
});
