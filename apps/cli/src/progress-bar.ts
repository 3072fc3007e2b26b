import { printable } from './printable.ts';

/** How far something is. */
export interface Advance {
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
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

/** A progress bar where somebody watches; elsewhere nothing. */
export function progressBar(
  stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number },
  isWanted: boolean,
): ProgressBar {
  if (!isWanted || !stderr.isTTY) return { show() {}, clear() {} };
  let isShown = false;
  return {
    show(label, advance) {
      const line = `${progressLine(advance)}  ${printable(label)}`;
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
export function progressLine({ bytes, totalBytes, bytesPerSecond, secondsLeft }: Advance): string {
  const rate = `${byteText(bytesPerSecond)}/s`;
  if (totalBytes === undefined) return `${byteText(bytes)}  ${rate}`;
  const part = totalBytes === 0 ? 1 : bytes / totalBytes;
  const full = Math.floor(part * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const left = secondsLeft === undefined ? '' : `  ${clockText(secondsLeft)} left`;
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  return `${percent}  ${bar}  ${byteText(bytes)} of ${byteText(totalBytes)}  ${rate}${left}`;
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
