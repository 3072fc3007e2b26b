const PREFIXES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Bytes with a binary prefix (IEC 80000-13) and at most three digits: 512 B, 1.5 KiB, 15.6 GiB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let power = 0;
  // 999.5 and not 1024: 1000 KiB would need four digits and shift the column.
  while (Math.abs(value) >= 999.5 && power < PREFIXES.length - 1) {
    value /= 1024;
    power += 1;
  }
  const digits = power === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${PREFIXES[power]}`;
}

/** Bytes a second, as `formatBytes`: 1.5 MiB/s. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
