/** Cuts bytes that come in pieces of any size into blocks of one size. */
export class BlockBuffer {
  readonly #block: Buffer;
  #filled = 0;

  /** @param blockBytes 1 or more. */
  constructor(blockBytes: number) {
    this.#block = Buffer.alloc(blockBytes);
  }

  /** Whole blocks that a piece of this length will complete. */
  completedBy(pieceBytes: number): number {
    return Math.floor((this.#filled + pieceBytes) / this.#block.length);
  }

  /** Bytes that belong to no whole block yet. Valid until the next `push`. */
  get rest(): Buffer {
    return this.#block.subarray(0, this.#filled);
  }

  /** Takes a piece and gives the blocks that it completes, each valid until the next one is asked for. */
  *push(piece: Uint8Array): Generator<Uint8Array, void> {
    const size = this.#block.length;
    let offset = 0;
    if (this.#filled > 0) {
      offset = Math.min(size - this.#filled, piece.length);
      this.#block.set(piece.subarray(0, offset), this.#filled);
      this.#filled += offset;
      if (this.#filled < size) return;
      this.#filled = 0;
      yield this.#block;
    }
    for (; offset + size <= piece.length; offset += size) yield piece.subarray(offset, offset + size);
    this.#block.set(piece.subarray(offset));
    this.#filled = piece.length - offset;
  }
}
