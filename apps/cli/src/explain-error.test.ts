import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliError } from './errors.ts';
import { explainError } from './explain-error.ts';

test('what went wrong is said, and not that something could not be closed after it', async () => {
  const failing = async () => {
    await using _ = {
      async [Symbol.asyncDispose]() {
        throw new Error('cannot be closed');
      },
    };
    throw new CliError('usage', 'the reason');
  };
  const error: unknown = await failing().catch((thrown: unknown) => thrown);
  assert.deepEqual(explainError(error), { outcome: 'usage', lines: ['the reason'], fields: {} });
});
