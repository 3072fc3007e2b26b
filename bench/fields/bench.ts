import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { customer, VARIANTS, type Variant } from './customers.ts';
import { ENGINES, onEngine } from './on-engine.ts';
import { type Operation, type OperationName, QUERIES, REQUEST, STEPS } from './operations.ts';
import { type EngineResult, report, type VariantResult } from './report.ts';
import { medianTurn, type Turn } from './turn.ts';

const WARM_UP_TURNS = 4;
const FILL_TURNS = 20;
const REQUESTS_AT_ONCE = 8;

const HELP = `usage: npm run bench -- fields [options]

What encrypted columns cost on queries: the same table of customers in clear and encrypted, asked through Kysely without
and with the plugin, on a PostgreSQL of its own and on SQLite, both on disk and durable. Each variant has a process of its
own; they take turns, one at a time, and the medians are compared with those of the clear table. The first
${WARM_UP_TURNS} turns do not count.

${Object.entries(VARIANTS)
  .map(([variant, what]) => `  ${variant.padEnd(9)}${what}`)
  .join('\n')}

  --rows N         customers (default 100000)
  --turns N        turns that count (default 15)
  --engine E       postgres or sqlite (default: both)
  --variants LIST  beside clear (default ${Object.keys(VARIANTS).slice(1).join(',')})
  --json           one JSON object instead of the tables
`;

interface Contender {
  ask<R>(order: string, ...args: unknown[]): Promise<R>;
  stop(): Promise<void>;
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '100000' },
      turns: { type: 'string', default: '15' },
      engine: { type: 'string' },
      variants: { type: 'string', default: Object.keys(VARIANTS).slice(1).join(',') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [rows, turns] = [Number(values.rows), Number(values.turns)];
  const variants = ['clear', ...values.variants.split(',')] as Variant[];
  const unknown = variants.find((variant) => !Object.hasOwn(VARIANTS, variant));
  if (unknown !== undefined) throw new Error(`there is no variant ${unknown}`);
  const results: Record<string, EngineResult> = {};
  for (const engine of values.engine ? [values.engine] : ENGINES) {
    const log = (text: string) => values.json || process.stderr.write(`${engine}: ${text}\n`);
    results[engine] = await onEngine(engine, (openUrl) => compare(openUrl, variants, rows, turns, log));
  }
  process.stdout.write(values.json ? `${JSON.stringify({ rows, turns, ...results })}\n` : report(results));
}

async function compare(
  openUrl: () => Promise<string>,
  variants: readonly Variant[],
  rows: number,
  turns: number,
  log: (text: string) => void,
): Promise<EngineResult> {
  const contenders = new Map<Variant, Contender>();
  try {
    for (const variant of variants) contenders.set(variant, await start(variant, await openUrl(), rows));
    const memoryBefore = await ofEach(contenders, memoryOf);
    const fills = await inTurns(contenders, FILL_TURNS, (contender, turn) => {
      const upTo = (n: number) => Math.floor((n * rows) / FILL_TURNS);
      return contender.ask<Turn>('fill', upTo(turn), upTo(turn + 1));
    });
    const sizes = await ofEach(contenders, (contender) => contender.ask<number>('size'));
    log(`${rows.toLocaleString('en')} rows are in each table`);

    const timed = new Map<string, Map<Variant, Turn>>([['insert by 500, each row', medians(fills)]]);
    const measure = async (operation: Operation, turnOf: (contender: Contender) => Promise<Turn | undefined>) => {
      const taken = await inTurns(contenders, WARM_UP_TURNS + turns, turnOf);
      timed.set(operation.title, medians(taken, WARM_UP_TURNS));
      log(operation.title);
    };
    for (const [name, operation] of Object.entries({ ...QUERIES, ...STEPS }) as [OperationName, Operation][]) {
      await measure(operation, (contender) => contender.ask('turn', name, operation.calls));
    }
    const ports = await ofEach(contenders, (contender) => contender.ask<number>('listen'));
    const portOf = new Map([...contenders].map(([variant, contender]) => [contender, ports.get(variant)!]));
    await measure(REQUEST, (contender) => requestsTurn(contender, portOf.get(contender)!, rows));
    const memoryAfter = await ofEach(contenders, memoryOf);

    const resultOf = (variant: Variant): VariantResult => ({
      operations: Object.fromEntries(
        [...timed].flatMap(([title, by]) => (by.has(variant) ? [[title, by.get(variant)!]] : [])),
      ),
      bytesPerRow: sizes.get(variant)! / rows,
      memoryMiB: { start: memoryBefore.get(variant)!, end: memoryAfter.get(variant)! },
    });
    return Object.fromEntries(variants.map((variant) => [variant, resultOf(variant)]));
  } finally {
    for (const contender of contenders.values()) await contender.stop();
  }
}

/** One contender at a time, and another one first in each round. */
async function inTurns(
  contenders: ReadonlyMap<Variant, Contender>,
  turns: number,
  turnOf: (contender: Contender, turn: number) => Promise<Turn | undefined>,
): Promise<Map<Variant, Turn[]>> {
  const taken = new Map<Variant, Turn[]>();
  const all = [...contenders];
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < all.length; i++) {
      const [variant, contender] = all[(turn + i) % all.length]!;
      const result = await turnOf(contender, turn);
      if (result) taken.set(variant, [...(taken.get(variant) ?? []), result]);
    }
  }
  return taken;
}

function medians(taken: ReadonlyMap<Variant, readonly Turn[]>, warmUp = 0): Map<Variant, Turn> {
  return new Map([...taken].map(([variant, turns]) => [variant, medianTurn(turns.slice(warmUp))]));
}

async function ofEach<R>(
  contenders: ReadonlyMap<Variant, Contender>,
  what: (contender: Contender) => Promise<R>,
): Promise<Map<Variant, R>> {
  const results = new Map<Variant, R>();
  for (const [variant, contender] of contenders) results.set(variant, await what(contender));
  return results;
}

async function memoryOf(contender: Contender): Promise<number> {
  return (await contender.ask<{ rss: number }>('usage')).rss / 2 ** 20;
}

async function requestsTurn(contender: Contender, port: number, rows: number): Promise<Turn> {
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS_AT_ONCE });
  const latencies: number[] = [];
  const before = await contender.ask<{ cpuMicros: number }>('usage');
  const startedAt = performance.now();
  let sent = 0;
  const lane = async () => {
    while (sent < REQUEST.calls) {
      const { email } = customer((sent++ * 7919) % rows, rows);
      const sentAt = performance.now();
      await fetchAll(`http://127.0.0.1:${port}/?email=${encodeURIComponent(email)}`, agent);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await contender.ask<{ cpuMicros: number }>('usage');
  agent.destroy();
  const { length } = latencies;
  return {
    latencyMicros: median(latencies) * 1000,
    perSecond: length / seconds,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / length,
  };
}

function fetchAll(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a contender answered ${response.statusCode}`));
      response.resume().once('end', resolve).once('error', reject);
    });
    request.once('error', reject);
  });
}

async function start(variant: Variant, url: string, rows: number): Promise<Contender> {
  const child = fork(path.join(import.meta.dirname, 'contender.ts'), [variant, url, String(rows)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await answer(child);
  return {
    async ask<R>(order: string, ...args: unknown[]) {
      child.send({ order, args });
      const { result, failure } = (await answer(child)) as { result?: R; failure?: string };
      if (failure !== undefined) throw new Error(`${variant}: ${failure}`);
      return result as R;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

async function answer(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error('a process of the bench ended early');
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as unknown[];
    return message;
  } finally {
    // Takes the listener off that was not called.
    waiting.abort();
  }
}
