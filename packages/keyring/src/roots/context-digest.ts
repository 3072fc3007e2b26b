import { createHash } from 'node:crypto';

/**
 * A context as vendors take it: 32 bytes however long it is, and nothing of it in their audit logs.
 *
 * Part of what was wrapped is bound to these bytes, so they cannot change.
 */
export function contextDigest(context: Uint8Array): Buffer {
  return createHash('sha256').update('bw1/root/context\0').update(context).digest();
}
