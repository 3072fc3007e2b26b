import { timingSafeEqual } from 'node:crypto';

/**
 * Compares in a time that does not depend on where the bytes differ.
 *
 * Lengths are not secret: different lengths give `false` at once.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
