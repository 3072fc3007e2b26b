import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CryptoError, type CryptoErrorCode } from '../src/errors.ts';

/** A copy with one bit changed. */
export function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** Asserts that a call throws this package's error with one of the given codes. */
export function assertRefused(call: () => unknown, ...codes: CryptoErrorCode[]): void {
  assert.throws(call, (error) => error instanceof CryptoError && codes.includes(error.code));
}

/**
 * Asserts, for any plaintext and context, that what was sealed opens again, and that with any bit flipped, any
 * bytes cut off at the end or any byte added it is refused with one of the given codes.
 */
export function assertTamperProof(
  sealed: (plaintext: Uint8Array, context: Uint8Array) => Uint8Array,
  opened: (sealed: Uint8Array, context: Uint8Array) => Uint8Array,
  ...codes: CryptoErrorCode[]
): void {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), fc.nat(), (plaintext, context, flipAt, cutAt) => {
      const message = sealed(plaintext, context);
      assert.deepEqual(Buffer.from(opened(message, context)), Buffer.from(plaintext));
      assertRefused(() => opened(flipBit(message, flipAt % (message.length * 8)), context), ...codes);
      assertRefused(() => opened(message.subarray(0, cutAt % message.length), context), ...codes);
      assertRefused(() => opened(Buffer.concat([message, Buffer.of(0)]), context), ...codes);
      assertRefused(() => opened(message, Buffer.concat([context, Buffer.of(0)])), ...codes);
    }),
  );
}
