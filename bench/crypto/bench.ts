import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import type { Contender } from './contender.ts';
import { BARE, ownContenders } from './own.ts';
import { peerContenders } from './peers.ts';

const HELP = `usage: npm run bench -- crypto [options]

Seals and opens a value of 64 bytes, bound to its cell, with the suites of @bulwark/crypto, with bare node:crypto and
with other libraries, in turns on one thread, and compares the medians. The bare loop reuses a key object, takes its
nonces from a pool and has its associated data ready; the naive one passes key bytes and asks for each nonce.

  --rounds N   turns of each way (default 25)
  --json       one JSON object instead of the table

The other libraries are not part of this repository; to have them: npm ci --prefix bench/peers
`;

const TURN_MS = 25;
const WARM_UP_MS = 400;
const DEFAULT_SUITE = 'field, XAES-256-GCM';

/** Calls a second. */
interface Speed {
  readonly seal: number;
  readonly open: number;
}

/** Something that is timed, with the number of calls that fill a turn. */
interface Timed {
  readonly run: () => unknown;
  readonly calls: number;
  readonly rates: number[];
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '25' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const peers = await peerContenders();
  if (peers.length === 0) {
    process.stderr.write('Without other libraries: they are not installed (npm ci --prefix bench/peers).\n');
  }
  const speeds = await compare([...(await ownContenders()), ...peers], Number(values.rounds));
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', rounds: Number(values.rounds) };
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ ...machine, callsPerSecond: Object.fromEntries(speeds) })}\n`
      : `${table(speeds)}\nMedians of ${machine.rounds} turns; Node ${machine.node}, ${machine.cpu}.\n`,
  );
}

async function compare(contenders: readonly Contender[], rounds: number): Promise<Map<string, Speed>> {
  const timed = new Map<string, { seal: Timed; open: Timed }>();
  for (const { name, seal, open } of contenders)
    timed.set(name, { seal: await warmUp(seal), open: await warmUp(open) });
  for (let round = 0; round < rounds; round++) {
    for (const { seal, open } of inRandomOrder([...timed.values()])) {
      for (const { run, calls, rates } of [seal, open]) {
        await seconds(run, Math.ceil(calls / 5)); // collects the garbage of whoever had the turn before
        rates.push(calls / (await seconds(run, calls)));
      }
    }
  }
  return new Map(
    [...timed].map(([name, { seal, open }]) => [name, { seal: median(seal.rates), open: median(open.rates) }]),
  );
}

function inRandomOrder<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

async function warmUp(run: () => unknown): Promise<Timed> {
  let calls = 1;
  let spent = await seconds(run, calls);
  for (const startedAt = performance.now(); performance.now() - startedAt < WARM_UP_MS; ) {
    calls = Math.max(1, Math.round((calls * TURN_MS) / 1000 / spent));
    spent = await seconds(run, calls);
  }
  return { run, calls, rates: [] };
}

// Waiting for what is not a promise would cost as much as a seal.
async function seconds(run: () => unknown, calls: number): Promise<number> {
  const startedAt = performance.now();
  const first = run();
  if (first instanceof Promise) {
    await first;
    for (let i = 1; i < calls; i++) await run();
  } else {
    for (let i = 1; i < calls; i++) run();
  }
  return (performance.now() - startedAt) / 1000;
}

function table(speeds: ReadonlyMap<string, Speed>): string {
  const none = { seal: Number.NaN, open: Number.NaN };
  const bare = speeds.get(BARE) ?? none;
  const ours = speeds.get(DEFAULT_SUITE) ?? none;
  const number = (value: number, digits = 0) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const rows = [...speeds].map(([name, { seal, open }]) => [
    name,
    number(seal),
    number(open),
    number(seal / bare.seal, 3),
    number(open / bare.open, 3),
    number(ours.seal / seal, 1),
    number(ours.open / open, 1),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return (
    line(['', 'seals/s', 'opens/s', 'of bare, seal', 'of bare, open', 'XAES ÷ it, seal', 'XAES ÷ it, open']) +
    line(['--', ...Array.from({ length: 6 }, () => '--:')]) +
    rows.map(line).join('')
  );
}
