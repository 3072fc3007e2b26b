import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Refusal, refusalPairs } from '../testing/refusals.ts';
import { CryptoError, openFailed } from './errors.ts';

// All that a caller can see of an error, its stack apart: that names lines of this package, not what they found.
function seenOf({ bytes, open }: Refusal): Record<string, unknown> {
  try {
    open(bytes);
  } catch (error) {
    assert.ok(error instanceof CryptoError);
    return { ...error, message: error.message, cause: error.cause };
  }
  return assert.fail('it opened');
}

describe('the error does not tell', () => {
  const expected = { ...openFailed(), message: openFailed().message, cause: undefined };
  for (const { format, ways } of refusalPairs()) {
    test(`${format} › ${ways[0].name} or ${ways[1].name}`, () => {
      for (const way of ways) assert.deepEqual(seenOf(way), expected);
    });
  }
});
