import { openFailed } from './errors.ts';

const SMALLEST = 16;
const END = 0x80;

/**
 * Pads a plaintext so that its ciphertext tells only about how long it is: to the next of 16, 22, 32, 45, 64 … bytes,
 * each √2 times the one before.
 *
 * @returns plaintext ‖ 0x80 ‖ zeros (ISO/IEC 7816-4)
 */
export function pad(plaintext: Uint8Array): Buffer {
  const padded = Buffer.alloc(paddedLength(plaintext.length));
  padded.set(plaintext);
  padded[plaintext.length] = END;
  return padded;
}

/** Length of a plaintext of `length` bytes with its padding. */
export function paddedLength(length: number): number {
  for (let step = 0; ; step++) {
    const bucket = Math.floor(SMALLEST * 2 ** (step / 2));
    if (bucket > length) return bucket;
  }
}

/** The plaintext that was padded, as a view. What comes in is authenticated. @throws CryptoError ERR_OPEN_FAILED */
export function unpad(padded: Buffer): Buffer {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== END) throw openFailed();
  return padded.subarray(0, end);
}
