/** How far a file is. */
export interface Progress {
  /** Plaintext bytes done, those of an earlier run that was resumed included. */
  readonly bytes: number;
  /** Plaintext bytes in all; `undefined` for a stream. */
  readonly totalBytes: number | undefined;
  /** Over this run. */
  readonly bytesPerSecond: number;
  /** `undefined` while it cannot be told. */
  readonly secondsLeft: number | undefined;
}

const INTERVAL_MS = 100;

/** Reports progress ten times a second at most, and always at the end. */
export class ProgressMeter {
  readonly #report: ((progress: Progress) => void) | undefined;
  readonly #totalBytes: number | undefined;
  readonly #now: () => number;
  readonly #resumedBytes: number;
  readonly #startedAt: number;
  #reportedAt: number;
  #bytes: number;

  /** @param now ms, from any start, never going back. */
  constructor(
    report: ((progress: Progress) => void) | undefined,
    totalBytes: number | undefined,
    resumedBytes = 0,
    now: () => number = () => performance.now(),
  ) {
    this.#report = report;
    this.#totalBytes = totalBytes;
    this.#now = now;
    this.#resumedBytes = resumedBytes;
    this.#bytes = resumedBytes;
    this.#startedAt = now();
    this.#reportedAt = this.#startedAt;
  }

  /** Counts bytes that are done. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#report !== undefined && this.#now() - this.#reportedAt >= INTERVAL_MS) this.#tell();
  }

  /** Reports the end. */
  end(): void {
    this.#tell();
  }

  #tell(): void {
    this.#reportedAt = this.#now();
    const seconds = (this.#reportedAt - this.#startedAt) / 1000;
    const bytesPerSecond = seconds > 0 ? (this.#bytes - this.#resumedBytes) / seconds : 0;
    const left = this.#totalBytes === undefined ? undefined : this.#totalBytes - this.#bytes;
    this.#report?.({
      bytes: this.#bytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond,
      secondsLeft: left === 0 ? 0 : left !== undefined && bytesPerSecond > 0 ? left / bytesPerSecond : undefined,
    });
  }
}
