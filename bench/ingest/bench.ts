import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../apps/server/src/db/open.ts';
import {
  ensureConfiguredDevelopmentCertificate,
  loadConfig,
  prepareDataDirectory,
} from '../../apps/server/src/index.ts';
import { freePort } from '../../testing/free-port.ts';
import { enrolFleet, SERIES_COUNT } from '../../testing/simulated-fleet.ts';
import { median } from '../median.ts';

/** Until the compiler has seen enough of the server. */
const WARM_UP_TURNS = 5;

const HELP = `usage: npm run bench -- ingest [options]

Drives two real servers over TLS with simulated enrolled agents, each from a process of its own: one that seals and one
that does not (frames and rows in clear, everything else the same). They take turns of about a second, so that what
else the machine does meets both, and the medians are compared. The first ${WARM_UP_TURNS} turns of each do not count.

  --machines N      simulated agents (default 2000)
  --connections N   TLS connections, one request under way on each (default 512)
  --turns N         turns of each that count (default 15)
  --reports N       reports of each agent in a turn (default 4)
  --processes       reports carry process tables too
  --json            one JSON object instead of the table
`;

type Variant = 'sealed' | 'clear';

interface Order {
  readonly machines: number;
  readonly connections: number;
  readonly turns: number;
  readonly reportsPerTurn: number;
  readonly states: object | undefined;
}

interface Turn {
  readonly reportsPerSecond: number;
  readonly cpuMicrosPerReport: number;
  readonly p50: number;
  readonly p99: number;
}

/** What is seen once, at the end. */
interface Totals {
  readonly bytesPerSample: number;
  readonly memoryMiB: number;
}

interface Contender {
  turn(): Promise<Turn>;
  finish(): Promise<Totals>;
  /** Ends what still runs. */
  discard(): Promise<void>;
}

/** What a load process says after each turn. */
interface LoadResult {
  readonly seconds: number;
  readonly reports: number;
  readonly p50: number;
  readonly p99: number;
}

/** How the server's CPU core is kept apart from the load's, where the machine can do that. */
const pin = spawnSync('taskset', ['-V']).status === 0 && cpus().length > 1;

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      machines: { type: 'string', default: '2000' },
      connections: { type: 'string', default: '512' },
      turns: { type: 'string', default: '15' },
      reports: { type: 'string', default: '4' },
      processes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const order: Order = {
    machines: Number(values.machines),
    connections: Number(values.connections),
    turns: WARM_UP_TURNS + Number(values.turns),
    reportsPerTurn: Number(values.reports),
    states: values.processes ? { processes: processTables() } : undefined,
  };
  // Both at once: a connection that waited for the other's start would be closed as idle.
  const [sealed, clear] = await Promise.all([startContender(order, 'sealed'), startContender(order, 'clear')]);
  const turns: Record<Variant, Turn[]> = { sealed: [], clear: [] };
  try {
    for (let i = 0; i < order.turns; i++) {
      turns.sealed.push(await sealed.turn());
      turns.clear.push(await clear.turn());
      if (!values.json)
        process.stderr.write(`turn ${i + 1}: ${rate(turns.sealed[i])}, ${rate(turns.clear[i])} reports/s\n`);
    }
    const results = {
      sealed: { ...medians(turns.sealed.slice(WARM_UP_TURNS)), ...(await sealed.finish()) },
      clear: { ...medians(turns.clear.slice(WARM_UP_TURNS)), ...(await clear.finish()) },
    };
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ ...order, seriesPerReport: SERIES_COUNT, pinned: pin, ...results })}\n`
        : table(results.sealed, results.clear),
    );
  } finally {
    await Promise.all([sealed.discard(), clear.discard()]);
  }
}

async function startContender({ machines, ...order }: Order, variant: Variant): Promise<Contender> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bulwark-bench-'));
  const children: ChildProcess[] = [];
  const discard = async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const { configFile } = await prepareDataDirectory(dataDir, {
      'server.port': String(port),
      'server.interval': '10',
    });
    const config = await loadConfig({
      file: configFile,
      env: {},
      flags: { 'server.data_dir': dataDir },
      production: false,
    });
    await ensureConfiguredDevelopmentCertificate(config);
    const db = await openDatabase(config.database.url);
    const agents = await enrolFleet({ db, keys: config.server, machines, intervalSeconds: 10 });
    await db.destroy();

    const server = start('server.ts', [configFile, dataDir], variant, 0);
    children.push(server);
    await message(server, (m) => m === 'ready');
    const load = start('load.ts', [], variant, 1);
    children.push(load);
    const ca = await readFile(join(dataDir, 'tls', 'ca.pem'), 'utf8');
    load.send({ ...order, port, ca, agents, intervalMs: 10_000 });
    await message(load, (m) => m === 'warm');

    const database = config.database.url;
    const bytesBefore = await sizeOf(database);
    return {
      async turn() {
        const before = await usage(server);
        load.send('go');
        const { reports, seconds, p50, p99 } = (await message(load, (m) => typeof m === 'object')) as LoadResult;
        const after = await usage(server);
        const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
        return { reportsPerSecond: reports / seconds, cpuMicrosPerReport: cpu / reports, p50, p99 };
      },
      async finish() {
        const { memory } = await usage(server);
        server.kill('SIGTERM');
        await once(server, 'exit');
        // The log was folded into the file when the server closed it.
        const bytes = (await sizeOf(database)) - bytesBefore;
        const samples = machines * order.turns * order.reportsPerTurn * SERIES_COUNT;
        return { bytesPerSample: bytes / samples, memoryMiB: memory / 2 ** 20 };
      },
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

function start(file: string, args: string[], variant: Variant, core: number): ChildProcess {
  const here = import.meta.dirname;
  const execArgv = variant === 'clear' ? ['--import', join(here, 'unsealed.ts')] : [];
  const child = fork(join(here, file), args, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  if (pin) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(child.pid)]);
  return child;
}

async function message(child: ChildProcess, wanted: (message: unknown) => boolean): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    for (;;) {
      const ended = once(child, 'exit', { signal }).then(() => undefined);
      const which = await Promise.race([once(child, 'message', { signal }), ended]);
      if (which === undefined) throw new Error('a process of the bench ended early');
      if (wanted(which[0])) return which[0];
    }
  } finally {
    // Takes the listener off that was not called.
    waiting.abort();
  }
}

async function usage(server: ChildProcess): Promise<{ cpu: NodeJS.CpuUsage; memory: number }> {
  server.send('usage');
  return (await message(server, (m) => typeof m === 'object')) as { cpu: NodeJS.CpuUsage; memory: number };
}

async function sizeOf(file: string): Promise<number> {
  const sizes = [file, `${file}-wal`].map((path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function medians(turns: readonly Turn[]): Turn {
  const of = (key: keyof Turn) => median(turns.map((turn) => turn[key]));
  return {
    reportsPerSecond: of('reportsPerSecond'),
    cpuMicrosPerReport: of('cpuMicrosPerReport'),
    p50: of('p50'),
    p99: of('p99'),
  };
}

const rate = (turn: Turn | undefined) => Math.round(turn?.reportsPerSecond ?? 0).toLocaleString('en');

function table(sealed: Turn & Totals, clear: Turn & Totals): string {
  const row = (name: string, a: number, b: number, digits = 0) => {
    const format = (value: number) => value.toLocaleString('en', { maximumFractionDigits: digits }).padStart(12);
    return `${name.padEnd(28)}${format(a)}${format(b)}${(a / b).toFixed(3).padStart(12)}\n`;
  };
  return (
    `\n${''.padEnd(28)}${'sealed'.padStart(12)}${'clear'.padStart(12)}${'ratio'.padStart(12)}\n` +
    row('reports/s', sealed.reportsPerSecond, clear.reportsPerSecond) +
    row('samples/s', sealed.reportsPerSecond * SERIES_COUNT, clear.reportsPerSecond * SERIES_COUNT) +
    row('server CPU per report, µs', sealed.cpuMicrosPerReport, clear.cpuMicrosPerReport, 1) +
    row('acknowledged, p50 ms', sealed.p50, clear.p50, 2) +
    row('acknowledged, p99 ms', sealed.p99, clear.p99, 2) +
    row('bytes on disk per sample', sealed.bytesPerSample, clear.bytesPerSample, 2) +
    row('server memory, MiB', sealed.memoryMiB, clear.memoryMiB) +
    `\nMedians; ${SERIES_COUNT} series a report; servers ${pin ? 'pinned to one core, loads to another' : 'not pinned'}.\n`
  );
}

/** Ten entries, as a Linux server reports them. */
function processTables(): object {
  const entry = (i: number) => ({
    pid: 1000 + i * 37,
    name: ['nginx', 'node', 'postgres', 'redis-server', 'journald'][i % 5],
    user: ['root', 'www-data', 'postgres'][i % 3],
    cpu: 42.5 / (i + 1),
    memoryBytes: 123_456_789 + i * 1_000_003,
  });
  return { topByCpu: [0, 1, 2, 3, 4].map(entry), topByMemory: [5, 6, 7, 8, 9].map(entry) };
}
