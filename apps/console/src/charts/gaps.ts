/** A value of a uPlot column: null ends the line, undefined is skipped and the line goes on. */
export type ChartValue = number | null | undefined;

/**
 * Makes a line go on over a hole of at most `longestSteps` steps and end at a longer one.
 *
 * A report that comes a moment late leaves an empty step; the same rule that still calls a machine online decides
 * that this is no gap.
 */
export function bridgeShortGaps(values: readonly (number | null)[], longestSteps: number): ChartValue[] {
  const bridged: ChartValue[] = [...values];
  let lastValue = -1;
  for (let index = 0; index < values.length; index++) {
    if (values[index] === null) continue;
    const hole = index - lastValue - 1;
    if (lastValue >= 0 && hole > 0 && hole <= longestSteps) bridged.fill(undefined, lastValue + 1, index);
    lastValue = index;
  }
  return bridged;
}
