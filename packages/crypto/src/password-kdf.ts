import { argon2, pbkdf2 as nodePbkdf2, scrypt as nodeScrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { AnyHashName } from './hmac.ts';

// The three password KDFs on bytes, each on a thread of Node's pool, and what a stored record may ask of them: whoever
// can write records must not be able to order any amount of memory or time.
const MAX_MEMORY_BYTES = 2 ** 30;

/** Cost of Argon2id (RFC 9106). */
export interface Argon2Cost {
  /** Memory in KiB. */
  readonly memoryKiB: number;
  /** Passes over the memory. */
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/** Cost of scrypt (RFC 7914). */
export interface ScryptCost {
  /** Base-2 logarithm of N. */
  readonly logN: number;
  /** Block size, r; memory is 128 · 2^logN · r bytes. */
  readonly blockSize: number;
  /** p. */
  readonly parallelism: number;
}

const argon2Async = promisify(argon2);
const pbkdf2Async = promisify(nodePbkdf2);
const scryptAsync = promisify<Uint8Array, Uint8Array, number, object, Buffer>(nodeScrypt);

/** Argon2id, version 0x13 (RFC 9106). */
export function argon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2Cost, length: number): Promise<Buffer> {
  const { memoryKiB: memory, passes, parallelism } = cost;
  const parameters = { message: password, nonce: salt, memory, passes, parallelism, tagLength: length };
  return argon2Async('argon2id', parameters);
}

/** Whether a cost that came from storage may be paid: at most 1 GiB, 16 passes and 16 lanes of 8 KiB or more. */
export function isArgon2Affordable({ memoryKiB, passes, parallelism }: Argon2Cost): boolean {
  return (
    isWithin(passes, 1, 16) &&
    isWithin(parallelism, 1, 16) &&
    isWithin(memoryKiB, 8 * parallelism, MAX_MEMORY_BYTES / 1024)
  );
}

/** scrypt (RFC 7914). */
export function scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Promise<Buffer> {
  const { logN, blockSize: r, parallelism: p } = cost;
  const maxmem = scryptBytes(cost) + 1_048_576; // Node's own limit is 32 MiB
  return scryptAsync(password, salt, length, { N: 2 ** logN, r, p, maxmem });
}

/** Whether a cost that came from storage may be paid: at most 1 GiB, and p up to 16. */
export function isScryptAffordable(cost: ScryptCost): boolean {
  const { logN, blockSize, parallelism } = cost;
  return (
    isWithin(logN, 1, 24) &&
    isWithin(blockSize, 1, 64) &&
    isWithin(parallelism, 1, 16) &&
    scryptBytes(cost) <= MAX_MEMORY_BYTES
  );
}

// RFC 7914's V, B and one working block.
function scryptBytes({ logN, blockSize, parallelism }: ScryptCost): number {
  return 128 * blockSize * (2 ** logN + parallelism + 2);
}

/** Whether iterations that came from storage may be paid: at most ten million. */
export function isPbkdf2Affordable(iterations: number): boolean {
  return isWithin(iterations, 1, 10_000_000);
}

/** PBKDF2 with HMAC (RFC 8018, 5.2). SHA-1 is here for the published vectors only. */
export function pbkdf2(
  hash: AnyHashName,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Promise<Buffer> {
  return pbkdf2Async(password, salt, iterations, length, hash);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
