import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitFor } from './wait-for.ts';

describe('waitFor', () => {
  test('answers with the first thing it sees, zero and empty text included', async () => {
    let looks = 0;
    assert.equal(await waitFor('the third look', () => (++looks === 3 ? 0 : undefined), { everyMs: 1 }), 0);
    assert.equal(looks, 3);
  });

  test('takes a throwing look for not yet', async () => {
    let looks = 0;
    const look = () => {
      if (++looks < 3) throw new Error('not yet');
      return 'there';
    };
    assert.equal(await waitFor('it', look, { everyMs: 1 }), 'there');
  });

  test('fails with what it waited for and the last reason', async () => {
    const cause = new Error('connection refused');
    const look = () => {
      throw cause;
    };
    await assert.rejects(waitFor('the server', look, { timeoutMs: 20, everyMs: 1 }), {
      message: 'waited 20 ms for the server',
      cause,
    });
  });
});
