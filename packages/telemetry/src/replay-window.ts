export type Freshness =
  | 'new'
  | 'duplicate' // seen already
  | 'stale'; // below the window: whether it was seen is not known any more, so it counts as seen

export const REPLAY_WINDOW = 1024;

/**
 * Which sequence numbers of one boot of one agent were taken: the highest, and a bit for each of the 1,024 up to it
 * (as in RFC 4303, 3.4.3). Frames may overtake one another, none counts twice.
 */
export class ReplayWindow {
  #high = -1;
  readonly #seen = new Uint8Array(REPLAY_WINDOW);

  /** -1 before the first. */
  get high(): number {
    return this.#high;
  }

  check(sequence: number): Freshness {
    if (sequence > this.#high) return 'new';
    if (sequence <= this.#high - REPLAY_WINDOW) return 'stale';
    return this.#seen[sequence % REPLAY_WINDOW] === 1 ? 'duplicate' : 'new';
  }

  /** Call only with what `check` called new, and only once the frame has proved genuine. */
  take(sequence: number): void {
    if (sequence > this.#high) {
      const from = Math.max(this.#high + 1, sequence - REPLAY_WINDOW + 1);
      for (let between = from; between < sequence; between++) this.#seen[between % REPLAY_WINDOW] = 0;
      this.#high = sequence;
    }
    this.#seen[sequence % REPLAY_WINDOW] = 1;
  }

  /** Gives back what was taken but could not be stored, so that the sender may try again. */
  release(sequence: number): void {
    if (sequence > this.#high - REPLAY_WINDOW && sequence <= this.#high) this.#seen[sequence % REPLAY_WINDOW] = 0;
  }
}
