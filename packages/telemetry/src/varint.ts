import { TelemetryError } from './errors.ts';

/**
 * Whole numbers in as few bytes as they need: first byte = more (1 bit), sign (1), lowest 6 bits; each further byte =
 * more (1), next 7 bits. A small difference takes one byte, a memory size six. The sign sits apart, instead of zigzag,
 * so that all 53 bits of a safe integer are magnitude. Bitwise operators stop at 32 bits, so the rest goes by division.
 */
export class VarintWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 512) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  integer(value: number): void {
    const magnitude = Math.abs(value);
    const sign = value < 0 ? 0x40 : 0;
    let rest = Math.floor(magnitude / 64);
    this.byte((magnitude % 64) | sign | (rest > 0 ? 0x80 : 0));
    while (rest > 0) {
      const next = Math.floor(rest / 128);
      this.byte((rest % 128) | (next > 0 ? 0x80 : 0));
      rest = next;
    }
  }

  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The bytes written so far; a view, valid until the next write. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + least));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what VarintWriter wrote; every read past the end is ERR_BATCH_FORMAT. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw cut();
    return value;
  }

  integer(): number {
    const first = this.byte();
    let magnitude = first & 0x3f;
    let factor = 64;
    for (let byte = first; byte >= 0x80; factor *= 128) {
      byte = this.byte();
      magnitude += (byte & 0x7f) * factor;
      if (magnitude > Number.MAX_SAFE_INTEGER) {
        throw new TelemetryError('ERR_BATCH_FORMAT', 'a number in the batch is out of range');
      }
      // A last byte of 0 says nothing: two spellings of one number are one too many.
      if (byte === 0) throw new TelemetryError('ERR_BATCH_FORMAT', 'a number in the batch is not in its shortest form');
    }
    return first & 0x40 ? -magnitude : magnitude;
  }

  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw cut();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at);
  }
}

/** Largest magnitude that travels, 4 PiB in bytes: the difference of any two is a safe integer. */
export const VALUE_MAX = 2 ** 52 - 1;

function cut(): TelemetryError {
  return new TelemetryError('ERR_BATCH_FORMAT', 'the batch is cut short');
}
