import { median } from '../median.ts';

/** What one turn of an operation came to. */
export interface Turn {
  /** The median of its calls. */
  readonly latencyMicros: number;
  readonly perSecond: number;
  /** CPU of the process that asks, all its threads, for each query; SQLite runs in it, PostgreSQL does not. */
  readonly cpuMicros: number;
}

export function medianTurn(turns: readonly Turn[]): Turn {
  const of = (key: keyof Turn) => median(turns.map((turn) => turn[key]));
  return { latencyMicros: of('latencyMicros'), perSecond: of('perSecond'), cpuMicros: of('cpuMicros') };
}
