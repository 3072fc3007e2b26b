/** Shown wherever a value is not known: never 0, which is a value. */
export const NO_VALUE = '–';

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Whole number with thousands separators: 12,480. */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** At most three significant digits, no trailing zeros: 0.08, 1.5, 12.3, 480. For loads and rates. */
export function formatDecimal(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** Percent 0..100. One decimal below 10, where it tells something; none above. */
export function formatPercent(value: number | null | undefined): string {
  if (value === null || value === undefined) return NO_VALUE;
  return `${value.toFixed(value < 9.95 ? 1 : 0)}%`;
}

/** "1 machine", "3 machines", "12,480 machines". */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
