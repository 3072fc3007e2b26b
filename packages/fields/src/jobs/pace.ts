/** How hard a job may work. */
export interface PaceOptions {
  /** Part of the time spent working, above 0 up to 1; 0.5 by default, so that a job takes half of what one connection can. */
  readonly load?: number;
  /** Rows a second at most; no limit by default. */
  readonly rowsPerSecond?: number;
  /** How long a chunk may keep its rows, in ms; 100 by default. Chunks grow and shrink to fit. */
  readonly chunkMs?: number;
}

/** Sizes of chunks and the pauses between them. */
export interface Pace {
  readonly chunkRows: number;
  /** Learns from a chunk. @returns ms to pause. */
  after(rows: number, tookMs: number): number;
}

const FIRST_ROWS = 50;
const MOST_ROWS = 2_000;

/**
 * A pace that gives way: where the database slows down, chunks take longer, so they shrink, and the pauses that go with
 * their length grow.
 */
export function pace({ load = 0.5, rowsPerSecond, chunkMs = 100 }: PaceOptions = {}): Pace {
  let chunkRows = FIRST_ROWS;
  return {
    get chunkRows() {
      return chunkRows;
    },
    after(rows, tookMs) {
      const ideal = (rows / Math.max(1, tookMs)) * chunkMs;
      // At most double, so that one quick chunk does not make the next one long.
      chunkRows = Math.round(Math.min(Math.max(ideal, chunkRows / 4, 1), chunkRows * 2, MOST_ROWS));
      if (rowsPerSecond !== undefined) chunkRows = Math.max(1, Math.min(chunkRows, Math.ceil(rowsPerSecond / 4)));
      const byLoad = tookMs * (1 / load - 1);
      const byRate = rowsPerSecond === undefined ? 0 : (rows / rowsPerSecond) * 1000 - tookMs;
      return Math.max(0, byLoad, byRate);
    },
  };
}
