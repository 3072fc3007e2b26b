import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Refusal, type RefusalPair, refusalPairs } from '../../packages/crypto/testing/refusals.ts';
import { median } from '../median.ts';

const HELP = `usage: npm run bench -- timing [options]

Times pairs of ways in which opening fails, in turns, and asks with a rank test (Mann and Whitney) whether one takes
longer than the other: that would tell who sends altered bytes why they were refused.

  --samples N   timed calls of each way (default 5000, at least 2000)
  --json        one JSON object instead of the table
`;

const WARM_UP_CALLS = 2000;

/** Chance to cry wolf once in a whole run, for all pairs together (Bonferroni). */
const FALSE_ALARM = 0.01;

/** What the rank test says of two lists of times. */
interface Comparison {
  /** Microseconds. */
  readonly medians: readonly [number, number];
  /** How often a call of the first way takes longer than one of the second: 0.5 where nothing can be told. */
  readonly superiority: number;
  /** Chance of such a superiority, either way, where there is no difference. */
  readonly p: number;
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      samples: { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const samples = Math.max(2000, Number(values.samples));
  const results = refusalPairs().map((pair) => ({ ...pair, ...compare(pair, samples) }));
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', samples };
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ ...machine, pairs: results })}\n`
      : `${table(results)}\n${samples} calls of each way; Node ${machine.node}, ${machine.cpu}.\n`,
  );
}

// Which way goes first is drawn each time, so that neither gains by what the call before it left behind.
function compare({ ways: [a, b] }: RefusalPair, samples: number): Comparison {
  const times: [number[], number[]] = [[], []];
  for (let i = -WARM_UP_CALLS; i < samples; i++) {
    const first = Math.random() < 0.5 ? 0 : 1;
    for (const which of [first, 1 - first] as (0 | 1)[]) {
      const spent = microsecondsToRefuse(which === 0 ? a : b);
      if (i >= 0) times[which].push(spent);
    }
  }
  return { medians: [median(times[0]), median(times[1])], ...rankTest(...times) };
}

function microsecondsToRefuse({ bytes, open }: Refusal): number {
  const received = Buffer.from(bytes); // anew, so that where it lies in memory says nothing
  const startedAt = process.hrtime.bigint();
  try {
    open(received);
  } catch {
    return Number(process.hrtime.bigint() - startedAt) / 1000;
  }
  throw new Error('it opened');
}

/** The test of Mann and Whitney, with the normal approximation and its correction for ties. */
function rankTest(a: readonly number[], b: readonly number[]): Pick<Comparison, 'superiority' | 'p'> {
  const all = [...a.map((time) => ({ time, isA: 1 })), ...b.map((time) => ({ time, isA: 0 }))];
  all.sort((x, y) => x.time - y.time);
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all.length; ) {
    let end = start;
    let ofA = 0;
    for (; all[end]?.time === all[start]?.time && end < all.length; end++) ofA += all[end]?.isA ?? 0;
    rankSum += (ofA * (start + 1 + end)) / 2;
    ties += (end - start) ** 3 - (end - start);
    start = end;
  }
  const pairs = a.length * b.length;
  const u = rankSum - (a.length * (a.length + 1)) / 2;
  const variance = (pairs / 12) * (all.length + 1 - ties / (all.length * (all.length - 1)));
  return { superiority: u / pairs, p: twoSided((u - pairs / 2) / Math.sqrt(variance)) };
}

// Beyond ±z under the normal curve: Abramowitz and Stegun 7.1.26, right to 1.5e-7.
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return series * Math.exp(-x * x);
}

function table(results: readonly (RefusalPair & Comparison)[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rows = results.map(({ format, ways: [a, b], medians, superiority, p, whyItMayShow }) => [
    format,
    a.name,
    b.name,
    medians[0].toFixed(1),
    medians[1].toFixed(1),
    superiority.toFixed(3),
    p < 0.001 ? '< 0.001' : p.toFixed(3),
    p > FALSE_ALARM / results.length ? 'no' : whyItMayShow === undefined ? '**yes**' : `yes: ${whyItMayShow}`,
  ]);
  return (
    line(['', 'one way', 'another', 'µs', 'µs', 'one is slower', 'by chance', 'told apart']) +
    line(['--', '--', '--', '--:', '--:', '--:', '--:', '--']) +
    rows.map(line).join('')
  );
}
