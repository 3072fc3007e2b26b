/** A frame that waits for its acknowledgement. */
export interface SpooledFrame {
  readonly frame: Buffer;
  readonly isReport: boolean;
}

/** Five and a half hours at ten seconds. */
const FRAMES_MAX = 2000;
const BYTES_MAX = 16 * 1024 * 1024;

/** Frames in the order they were sealed, in bounded memory: the oldest leave when there are too many. */
export class Spool {
  #frames: SpooledFrame[] = [];
  #bytes = 0;
  #dropped = 0;

  get length(): number {
    return this.#frames.length;
  }

  /** Reports that had to go before they were acknowledged. */
  get dropped(): number {
    return this.#dropped;
  }

  first(): SpooledFrame | undefined {
    return this.#frames[0];
  }

  add(frame: SpooledFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.frame.length;
    while (this.#frames.length > FRAMES_MAX || this.#bytes > BYTES_MAX) {
      if (this.#frames[0]?.isReport) this.#dropped += 1;
      this.removeFirst();
    }
  }

  /** Puts a frame before all others: a dictionary that the server must have first. */
  addFirst(frame: SpooledFrame): void {
    this.#frames.unshift(frame);
    this.#bytes += frame.frame.length;
  }

  /** @param frame Only where it is still the first: it may have been dropped while it was on its way. */
  removeFirst(frame = this.#frames[0]): void {
    if (frame === undefined || this.#frames[0] !== frame) return;
    this.#frames.shift();
    this.#bytes -= frame.frame.length;
  }
}
