const MINUTE_MS = 60_000;

/** The lengths of time a machine's page can show. */
export const RANGES = {
  '15m': { label: '15 min', ms: 15 * MINUTE_MS },
  '1h': { label: '1 h', ms: 60 * MINUTE_MS },
  '6h': { label: '6 h', ms: 6 * 60 * MINUTE_MS },
  '24h': { label: '24 h', ms: 24 * 60 * MINUTE_MS },
} as const;

export type Range = keyof typeof RANGES;
export const DEFAULT_RANGE: Range = '1h';
/** Closer than this there are too few reports to draw a line through. */
const SHORTEST_ZOOM_MS = MINUTE_MS;

/** The page's state in the address: a range that ends now, or a stretch of the past that was zoomed into, ms. */
export interface MachineSearch {
  range?: Range;
  from?: number;
  to?: number;
}

/** Reads the address, and passes over what makes no sense. */
export function parseMachineSearch(search: Record<string, unknown>): MachineSearch {
  const parsed: MachineSearch = {};
  if (typeof search.range === 'string' && Object.hasOwn(RANGES, search.range)) parsed.range = search.range as Range;
  const from = Number(search.from);
  const to = Number(search.to);
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && to > from) {
    parsed.from = from;
    parsed.to = to;
  }
  return parsed;
}

/** The stretch a drag over a chart means, in whole ms and never too short. */
export function zoomTo(from: number, to: number): { from: number; to: number } {
  const spare = Math.max(0, SHORTEST_ZOOM_MS - (to - from)) / 2;
  return { from: Math.round(from - spare), to: Math.round(to + spare) };
}
