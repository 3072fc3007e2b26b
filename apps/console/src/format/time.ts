/** 'local' is the zone of the reader's machine. */
export type Zone = 'local' | 'UTC';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Style = 'clock' | 'seconds' | 'day' | 'absolute' | 'offset';

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  absolute: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  },
  offset: { timeZoneName: 'short' },
};

// Making one costs about 50 µs and a chart's axis needs many.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(style: Style, zone: Zone): Intl.DateTimeFormat {
  const key = `${style} ${zone}`;
  let made = formatters.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-GB', { ...STYLES[style], ...(zone === 'UTC' && { timeZone: 'UTC' }) });
    formatters.set(key, made);
  }
  return made;
}

/** 14:05 */
export function formatClock(ms: number, zone: Zone): string {
  return formatter('clock', zone).format(ms);
}

/** 14:05:09 */
export function formatClockSeconds(ms: number, zone: Zone): string {
  return formatter('seconds', zone).format(ms);
}

/** 22 Nov */
export function formatDay(ms: number, zone: Zone): string {
  return formatter('day', zone).format(ms);
}

/** 22 Nov 2026, 14:05:09 UTC */
export function formatAbsolute(ms: number, zone: Zone): string {
  return formatter('absolute', zone).format(ms);
}

/** Name of the zone in use at that moment: UTC, CET, GMT+5:30. */
export function formatZone(ms: number, zone: Zone): string {
  return (
    formatter('offset', zone)
      .formatToParts(ms)
      .find((part) => part.type === 'timeZoneName')?.value ?? zone
  );
}

/** How long ago, in one unit: now, 12 s ago, 5 min ago, 3 h ago, 12 d ago. A moment still to come is "now". */
export function formatAgo(ms: number, nowMs: number): string {
  const age = nowMs - ms;
  if (age < 1500) return 'now';
  return `${formatCoarse(age)} ago`;
}

/** A length of time in its largest unit, rounded down: 12 s, 5 min, 3 h, 12 d. */
export function formatCoarse(durationMs: number): string {
  if (durationMs < MINUTE_MS) return `${Math.floor(durationMs / 1000)} s`;
  if (durationMs < HOUR_MS) return `${Math.floor(durationMs / MINUTE_MS)} min`;
  if (durationMs < 2 * DAY_MS) return `${Math.floor(durationMs / HOUR_MS)} h`;
  return `${Math.floor(durationMs / DAY_MS)} d`;
}

/** A length of time in two units: 42 s, 5 min 9 s, 3 h 12 min, 41 d 7 h. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  const seconds = Math.floor((ms % MINUTE_MS) / 1000);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds} s`;
  return `${seconds} s`;
}
