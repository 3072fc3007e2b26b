import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { REPLAY_WINDOW, ReplayWindow } from './replay-window.ts';

describe('a replay window', () => {
  test('takes each number once, in whatever order', () => {
    const window = new ReplayWindow();
    for (const n of [0, 5, 3, 4]) {
      assert.equal(window.check(n), 'new');
      window.take(n);
      assert.equal(window.check(n), 'duplicate');
    }
    assert.equal(window.check(1), 'new');
    assert.equal(window.high, 5);
  });

  test('calls stale what has left it', () => {
    const window = new ReplayWindow();
    window.take(REPLAY_WINDOW + 10);
    assert.equal(window.check(10), 'stale');
    assert.equal(window.check(11), 'new');
  });

  test('forgets a number that could not be stored', () => {
    const window = new ReplayWindow();
    window.take(7);
    window.release(7);
    assert.equal(window.check(7), 'new');
  });

  test('agrees with a set that remembers everything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 300 }), (numbers) => {
        const window = new ReplayWindow();
        const taken = new Set<number>();
        let high = -1;
        for (const n of numbers) {
          const expected = n <= high - REPLAY_WINDOW ? 'stale' : taken.has(n) ? 'duplicate' : 'new';
          assert.equal(window.check(n), expected);
          if (expected !== 'new') continue;
          window.take(n);
          taken.add(n);
          high = Math.max(high, n);
        }
      }),
    );
  });
});
