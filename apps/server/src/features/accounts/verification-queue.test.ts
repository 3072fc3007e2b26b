import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createQueue } from './verification-queue.ts';

/** Work that ends when it is told to, and counts how much of it runs. */
function work() {
  const ends: (() => void)[] = [];
  const running = { now: 0, most: 0 };
  const start = async () => {
    running.most = Math.max(running.most, ++running.now);
    await new Promise<void>((end) => ends.push(end));
    running.now--;
  };
  return { start, running, endOne: () => ends.shift()?.() };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('createQueue', () => {
  test('runs a few at once, the others in order, and refuses what is too much', async () => {
    const run = createQueue({ running: 2, waiting: 3 });
    const { start, running, endOne } = work();
    const done: number[] = [];
    const accepted = [0, 1, 2, 3, 4].map((at) => run(start).then(() => done.push(at)));
    await assert.rejects(run(start), { code: 'ERR_BUSY', retryAfterSeconds: 2 });
    for (let at = 0; at < 5; at++) {
      await settle();
      endOne();
    }
    await Promise.all(accepted);
    assert.deepEqual(done, [0, 1, 2, 3, 4]);
    assert.deepEqual(running, { now: 0, most: 2 });
  });

  test('frees the place of work that fails', async () => {
    const run = createQueue({ running: 1, waiting: 0 });
    await assert.rejects(
      run(async () => {
        throw new Error('broken');
      }),
      /broken/,
    );
    assert.equal(await run(async () => 'done'), 'done');
  });
});
