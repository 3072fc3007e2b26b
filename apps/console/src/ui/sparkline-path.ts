/** SVG paths of a small line chart, in a box of `width` by `height`. */
export interface SparklinePaths {
  line: string;
  area: string;
}

/**
 * Draws percentages as one line for each run without a hole; a lone value becomes a dot.
 *
 * @param values Oldest first, evenly spaced over the whole width; null where nothing was reported.
 * @param top The value at the upper edge.
 */
export function sparklinePaths(
  values: readonly (number | null)[],
  { width, height, top }: { width: number; height: number; top: number },
): SparklinePaths {
  const x = (index: number) => round((index / Math.max(1, values.length - 1)) * width);
  const y = (value: number) => round(height - (Math.min(Math.max(value, 0), top) / top) * height);
  let line = '';
  let area = '';
  for (const [first, last] of runs(values)) {
    const points = values.slice(first, last + 1).map((value, offset) => `${x(first + offset)} ${y(value ?? 0)}`);
    line += `M${points.join('L')}${points.length === 1 ? 'h0' : ''}`;
    area += `M${x(first)} ${height}L${points.join('L')}L${x(last)} ${height}Z`;
  }
  return { line, area };
}

function* runs(values: readonly (number | null)[]): Generator<[first: number, last: number]> {
  let first = -1;
  for (let index = 0; index <= values.length; index++) {
    const here = index < values.length && values[index] !== null;
    if (here && first < 0) first = index;
    if (!here && first >= 0) {
      yield [first, index - 1];
      first = -1;
    }
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
