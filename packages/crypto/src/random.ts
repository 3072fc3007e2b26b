import { randomBytes as osRandomBytes, randomFillSync } from 'node:crypto';
import { startupSnapshot } from 'node:v8';
import { CryptoError } from './errors.ts';
import { KEY_BYTES } from './symmetric-key.ts';

const POOL_BYTES = 16_384;

// One pool per thread (each worker loads its own copy of this module) and per process. A process that
// was copied with its memory (fork, snapshot) must not hand out the same bytes as its twin, so the pool
// remembers whose it is. A virtual machine resumed twice from one snapshot is beyond what we can see.
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let drawnFrom = POOL_BYTES;
let used = POOL_BYTES;
let owner = process.pid;

if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.addDeserializeCallback(discard);

/**
 * Bytes from the operating system's generator; small requests are served from a pool filled 16 KiB at a time.
 *
 * @param length 0 to 2^31 - 1.
 * @throws CryptoError ERR_ARGUMENT
 */
export function randomBytes(length: number): Buffer {
  if (!Number.isInteger(length) || length < 0 || length > 0x7fff_ffff) {
    throw new CryptoError('ERR_ARGUMENT', `length must be an integer from 0 to 2147483647, got ${length}`);
  }
  if (length > POOL_BYTES / 16) return osRandomBytes(length);
  // In memory of its own: Node's small buffers share theirs, and `.buffer` of one shows its neighbours.
  const bytes = Buffer.alloc(length);
  bytes.set(draw(length));
  return bytes;
}

/** As `randomBytes`, for values that are not secret and at most 1 KiB; five times faster. */
export function randomNonce(length: number): Buffer {
  return Buffer.from(draw(length));
}

/** The same, written into `target`, which it fills. */
export function fillWithNonce(target: Uint8Array): void {
  target.set(draw(target.length));
  drawnFrom = used; // not secret, so the pool need not be rid of it
}

/** A fresh 32-byte key, straight from the operating system's generator and in memory of its own. */
export function generateKey(): Buffer {
  return osRandomBytes(KEY_BYTES);
}

// A view of bytes that were never handed out and are erased from the pool when the next ones are drawn.
function draw(length: number): Buffer {
  if (owner !== process.pid) discard();
  pool.fill(0, drawnFrom, used);
  if (used + length > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  drawnFrom = used;
  used += length;
  return pool.subarray(drawnFrom, used);
}

function discard(): void {
  pool.fill(0);
  drawnFrom = POOL_BYTES;
  used = POOL_BYTES;
  owner = process.pid;
}
