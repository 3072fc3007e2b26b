import type { KeyObject } from 'node:crypto';
import { GCM_NONCE_BYTES, gcmOpen, gcmSeal } from './aes-gcm.ts';
import { CryptoError, openFailed } from './errors.ts';
import { requireKey, type SymmetricKey } from './symmetric-key.ts';

/** Length of the fixed part of the nonce. */
const PREFIX_BYTES = 4;

/** Most calls of one sealer, the same as for random nonces (NIST SP 800-38D, 8.3). */
const MAX_CALLS = 2 ** 32;

/** How a sealer counts. */
export interface CounterOptions {
  /** First counter, 0 to 2^53 - 2^32; default 0. */
  readonly first?: bigint | number;
  /** Calls after which the sealer refuses, 1 to 2^32, the default. */
  readonly limit?: number;
}

/**
 * AES-256-GCM with counted nonces (NIST SP 800-38D, 8.2.1), for a key that lives in exactly one process and
 * dies with it: a session, a boot. Nothing random is drawn, so it is the cheapest way to seal a stream of messages.
 *
 * Two sealers with the same key and prefix repeat nonces and void all security. Never store such a key, and
 * never make a second sealer from it unless prefix or `first` keeps the two apart.
 */
export class CounterSealer {
  readonly #key: KeyObject;
  readonly #nonce: Buffer;
  readonly #last: number;
  #next: number;

  /**
   * @param prefix 4 bytes; fixed part of every nonce, says which of several senders under one key this is.
   * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
   */
  constructor(key: SymmetricKey, prefix: Uint8Array, { first = 0, limit = MAX_CALLS }: CounterOptions = {}) {
    this.#key = requireKey(key);
    this.#nonce = Buffer.alloc(GCM_NONCE_BYTES);
    this.#nonce.set(requirePrefix(prefix));
    this.#next = Number(first);
    this.#last = this.#next + limit - 1;
    if (!Number.isSafeInteger(this.#next) || this.#next < 0 || this.#next > 2 ** 53 - MAX_CALLS) {
      throw new CryptoError('ERR_ARGUMENT', `first must be an integer from 0 to 2^53 - 2^32, got ${first}`);
    }
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_CALLS) {
      throw new CryptoError('ERR_ARGUMENT', `limit must be an integer from 1 to 2^32, got ${limit}`);
    }
  }

  /** Counter that the next `seal` will use. */
  get next(): number {
    return this.#next;
  }

  /**
   * Seals one message under the next counter.
   *
   * @param associatedData Authenticated, not stored. A function is given the counter, for headers that carry it.
   * @returns The counter, which `openCounter` needs, and ciphertext ‖ tag (16).
   * @throws CryptoError ERR_KEY_SPENT after `limit` calls
   */
  seal(
    plaintext: Uint8Array,
    associatedData: Uint8Array | ((counter: number) => Uint8Array),
  ): { counter: number; sealed: Buffer } {
    const counter = this.#next;
    if (counter > this.#last)
      throw new CryptoError('ERR_KEY_SPENT', 'the sealer has sealed as many messages as it may');
    // Spent before anything can throw or call back: a lost counter is harmless, a repeated one is not.
    this.#next = counter + 1;
    const data = typeof associatedData === 'function' ? associatedData(counter) : associatedData;
    writeCounter(this.#nonce, counter);
    return { counter, sealed: gcmSeal(this.#key, this.#nonce, plaintext, data) };
  }
}

/**
 * Opens one message of a `CounterSealer`. Refusing a counter seen before is the caller's part.
 *
 * @param prefix 4 bytes, as given to the sealer.
 * @param counter As returned by `seal`.
 * @param sealed ciphertext ‖ tag (16).
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT (prefix), ERR_OPEN_FAILED
 */
export function openCounter(
  key: SymmetricKey,
  prefix: Uint8Array,
  counter: number,
  sealed: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  const keyObject = requireKey(key);
  const nonce = Buffer.allocUnsafe(GCM_NONCE_BYTES);
  nonce.set(requirePrefix(prefix));
  if (!Number.isSafeInteger(counter) || counter < 0) throw openFailed();
  writeCounter(nonce, counter);
  return gcmOpen(keyObject, nonce, sealed, associatedData);
}

function writeCounter(nonce: Buffer, counter: number): void {
  nonce.writeUInt32BE(Math.floor(counter / 2 ** 32), PREFIX_BYTES);
  nonce.writeUInt32BE(counter % 2 ** 32, PREFIX_BYTES + 4);
}

function requirePrefix(prefix: Uint8Array): Uint8Array {
  if (prefix.length === PREFIX_BYTES) return prefix;
  throw new CryptoError('ERR_ARGUMENT', `prefix must be ${PREFIX_BYTES} bytes, got ${prefix.length}`);
}
