/**
 * Reads files of `key: value` or `key=value` lines (meminfo, status, os-release, logind's sessions). Quotes around a
 * value are dropped; of a key that occurs twice the first counts.
 */
export function parseKeyValues(content: string, separator: ':' | '='): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of content.split('\n')) {
    const at = line.indexOf(separator);
    if (at < 0) continue;
    const key = line.slice(0, at).trim();
    if (!values.has(key)) values.set(key, unquote(line.slice(at + 1).trim()));
  }
  return values;
}

/** Bytes of a `123 kB` value; NaN where there is none. */
export function kilobytes(value: string | undefined): number {
  return Number.parseInt(value ?? '', 10) * 1024;
}

function unquote(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}
