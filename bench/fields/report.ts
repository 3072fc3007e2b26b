import type { Turn } from './turn.ts';

/** What a variant has come to. */
export interface VariantResult {
  /** By title. */
  readonly operations: Readonly<Record<string, Turn>>;
  /** On disk when the table was filled, indexes included. */
  readonly bytesPerRow: number;
  readonly memoryMiB: { readonly start: number; readonly end: number };
}

/** By variant; the first is what the others are compared with. */
export type EngineResult = Readonly<Record<string, VariantResult>>;

/** Tables of what each engine has come to. */
export function report(results: Readonly<Record<string, EngineResult>>): string {
  return Object.entries(results)
    .map(([engine, result]) => `\n${engine}\n\n${operations(result)}\n${totals(result)}`)
    .join('');
}

function operations(result: EngineResult): string {
  const [base] = Object.values(result);
  const titles = new Set(Object.values(result).flatMap((of) => Object.keys(of.operations)));
  const head = ['', '', 'latency, µs', 'ratio', 'per second', 'ratio', 'CPU, µs', 'ratio'];
  const rows = [...titles].flatMap((title) =>
    Object.entries(result).flatMap(([variant, { operations }]) => {
      const turn = operations[title];
      if (!turn) return [];
      const cells = (['latencyMicros', 'perSecond', 'cpuMicros'] as const).flatMap((key) => [
        number(turn[key]),
        ratio(turn[key], base?.operations[title]?.[key]),
      ]);
      return [[title, variant, ...cells]];
    }),
  );
  return [head, ...rows].map(line).join('');
}

function totals(result: EngineResult): string {
  const [base] = Object.values(result);
  const head = ['', '', 'bytes a row', 'ratio', 'RSS, MiB', 'at the end', 'growth', 'ratio'];
  const growthOf = (of: VariantResult | undefined) => of && of.memoryMiB.end - of.memoryMiB.start;
  const rows = Object.entries(result).map(([variant, of]) => [
    'on disk; memory',
    variant,
    number(of.bytesPerRow),
    ratio(of.bytesPerRow, base?.bytesPerRow),
    number(of.memoryMiB.start),
    number(of.memoryMiB.end),
    number(growthOf(of)!),
    ratio(growthOf(of)!, growthOf(base)),
  ]);
  return [head, ...rows].map(line).join('');
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function ratio(value: number, base: number | undefined): string {
  return base === undefined ? '' : (value / base).toFixed(2);
}

function line([title = '', variant = '', ...cells]: readonly string[]): string {
  return `${title.padEnd(28)}${variant.padEnd(9)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
}
