import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withDeadline } from './deadline.ts';
import { type Attempt, retrying } from './retry.ts';

const never = new AbortController().signal;

/** Attempts that fail `failures` times, and then are done. */
function failing(failures: number, retryAfterMs?: number) {
  const attempts = { made: 0 };
  const attempt = async (): Promise<Attempt<string>> => {
    attempts.made += 1;
    return attempts.made > failures
      ? { done: 'done' }
      : { failed: new Error(`failure ${attempts.made}`), retryAfterMs };
  };
  return { attempts, attempt };
}

describe('retrying', () => {
  test('stops at the first success', async () => {
    const { attempts, attempt } = failing(2);
    assert.equal(await retrying(4, never, attempt), 'done');
    assert.equal(attempts.made, 3);
  });

  test('throws the last failure when it may not try again', async () => {
    const { attempts, attempt } = failing(9);
    await assert.rejects(retrying(3, never, attempt), /failure 3/);
    assert.equal(attempts.made, 3);
  });

  test('does not try again after what an attempt throws', async () => {
    let made = 0;
    const attempt = () => {
      made += 1;
      return Promise.reject(new Error('final'));
    };
    await assert.rejects(retrying(4, never, attempt), /final/);
    assert.equal(made, 1);
  });

  test('waits no longer than its deadline, whatever the other side asks for', async () => {
    const { attempt } = failing(1, 3_600_000);
    const start = performance.now();
    const call = withDeadline(100, (signal) => retrying(4, signal, attempt));
    await assert.rejects(call, { name: 'TimeoutError' });
    assert.ok(performance.now() - start < 1_000);
  });
});

describe('a deadline', () => {
  test('does not touch a call that is over in time', async () => {
    assert.equal(await withDeadline(1_000, async () => 'done'), 'done');
  });

  test('leaves a call behind that heeds no signal', async () => {
    await assert.rejects(
      withDeadline(20, () => new Promise(() => {})),
      { name: 'TimeoutError' },
    );
  });
});
