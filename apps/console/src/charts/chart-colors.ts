/** What a chart draws with, as colours that a canvas understands. */
export interface ChartColors {
  series: readonly string[];
  ink: string;
  grid: string;
  font: string;
}

/** How many colours the style sheet has for series. */
export const SERIES_COLORS = 8;

/**
 * Reads the colours of the theme in effect. A custom property comes back as it was written, `light-dark(…)` and all;
 * only a real property is computed, so each colour is put on the element for a moment.
 */
export function readChartColors(element: HTMLElement): ChartColors {
  const computed = getComputedStyle(element);
  const before = element.style.color;
  const read = (name: string) => {
    element.style.color = `var(${name})`;
    return computed.color;
  };
  const series = Array.from({ length: SERIES_COLORS }, (_, index) => read(`--series-${index + 1}`));
  const colors = { series, ink: read('--ink-faint'), grid: read('--line'), font: `11px ${computed.fontFamily}` };
  element.style.color = before;
  return colors;
}

/** The same colour, mostly transparent, for the area under a line. */
export function faint(color: string): string {
  return color.replace(/\)$/, ', 0.1)');
}
