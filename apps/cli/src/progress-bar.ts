import { printable } from './printable.ts';

/** How far something is, in bytes or in whatever else it is counted. */
export interface Advance {
  readonly done: number;
  readonly total: number | undefined;
  readonly perSecond: number;
  readonly secondsLeft: number | undefined;
}

/** A line on a terminal that is written over. */
export interface ProgressBar {
  show(label: string, advance: Advance): void;
  /** Takes the line away, so that something else can be written. */
  clear(): void;
}

const BAR_CELLS = 24;
const ERASE_LINE = '\r\x1b[K';

/** A progress bar where somebody watches; elsewhere nothing. @param amountText Says how much, with its unit. */
export function progressBar(
  stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number },
  isWanted: boolean,
  amountText: (amount: number) => string,
): ProgressBar {
  if (!isWanted || !stderr.isTTY) return { show() {}, clear() {} };
  let isShown = false;
  return {
    show(label, advance) {
      const line = `${progressLine(advance, amountText)}  ${printable(label)}`;
      stderr.write(ERASE_LINE + line.slice(0, (stderr.columns ?? 80) - 1));
      isShown = true;
    },
    clear() {
      if (isShown) stderr.write(ERASE_LINE);
      isShown = false;
    },
  };
}

/** ` 42 %  ██████████░░░░░░░░░░░░░░  1.2 GiB of 2.9 GiB  350 MiB/s  0:05 left`, or less where less is known. */
export function progressLine(
  { done, total, perSecond, secondsLeft }: Advance,
  amountText: (amount: number) => string,
): string {
  const rate = `${amountText(perSecond)}/s`;
  if (total === undefined) return `${amountText(done)}  ${rate}`;
  const part = total === 0 ? 1 : Math.min(1, done / total); // rows may be added meanwhile
  const full = Math.floor(part * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const left = secondsLeft === undefined ? '' : `  ${clockText(secondsLeft)} left`;
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  return `${percent}  ${bar}  ${amountText(done)} of ${amountText(total)}  ${rate}${left}`;
}

/** `1,234,567` */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** `1.2 GiB`; three digits at most. */
export function byteText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function clockText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
