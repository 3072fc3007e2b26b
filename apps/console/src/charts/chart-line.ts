/** One line of a chart. */
export interface ChartLine {
  label: string;
  /** Which of the series colours, from 0; more than there are begin again. */
  color: number;
  dashed?: boolean;
  filled?: boolean;
  /** One for each step; null where nothing was reported. */
  values: readonly (number | null)[];
}

/** What a chart shows: a window of time, and lines over one list of times. */
export interface ChartData {
  /** The window, ms; it may be wider than the values, and then shows where there are none. */
  from: number;
  to: number;
  /** Start of each step, ms. */
  times: readonly number[];
  lines: readonly ChartLine[];
}

/**
 * lines: one above the other, for a few that differ. rows: each a strip whose depth of colour is its value, for many of
 * a kind, as the cores of a processor; percent only.
 */
export type ChartKind = 'lines' | 'rows';

/** The value of a step, or the one before it that the line was drawn on from. */
export function valueNear(values: readonly (number | null)[], index: number, bridgeSteps: number): number | null {
  for (let at = index; at >= Math.max(0, index - bridgeSteps); at--) {
    const value = values[at];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
