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

const HELP = `usage: npm run bench -- ingest [options]

Drives the real server over TLS from a second process with simulated enrolled agents, once with sealing and once
without (frames and rows in clear, everything else the same), in turns, and compares the medians.

  --machines N      simulated agents (default 2000)
  --reports N       reports of each agent in a round (default 30)
  --connections N   TLS connections, one request under way on each (default 512)
  --rounds N        rounds of each variant (default 3)
  --processes       reports carry process tables too
  --json            one JSON object instead of the table
`;

interface Round {
  readonly reportsPerSecond: number;
  readonly cpuMicrosPerReport: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytesPerSample: number;
  readonly memoryMiB: number;
}

/** How the server's CPU core is kept apart from the load's, where the machine can do that. */
const pin = spawnSync('taskset', ['-V']).status === 0 && cpus().length > 1;

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      machines: { type: 'string', default: '2000' },
      reports: { type: 'string', default: '30' },
      connections: { type: 'string', default: '512' },
      rounds: { type: 'string', default: '3' },
      processes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const order = {
    machines: Number(values.machines),
    reports: Number(values.reports),
    connections: Number(values.connections),
    states: values.processes ? { processes: processTables() } : undefined,
  };
  const rounds: Record<'sealed' | 'clear', Round[]> = { sealed: [], clear: [] };
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const variant of ['sealed', 'clear'] as const) {
      rounds[variant].push(await runRound(order, variant));
      if (!values.json) process.stderr.write(`round ${i + 1}, ${variant}: ${rate(rounds[variant].at(-1))} reports/s\n`);
    }
  }
  const sealed = medians(rounds.sealed);
  const clear = medians(rounds.clear);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ ...order, seriesPerReport: SERIES_COUNT, pinned: pin, sealed, clear })}\n`,
    );
    return;
  }
  process.stdout.write(table(sealed, clear));
}

async function runRound(
  {
    machines,
    reports,
    connections,
    states,
  }: { machines: number; reports: number; connections: number; states: object | undefined },
  variant: 'sealed' | 'clear',
): Promise<Round> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bulwark-bench-'));
  const children: ChildProcess[] = [];
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
    load.send({ port, ca, agents, connections, reportsPerAgent: reports, intervalMs: 10_000, states });
    await message(load, (m) => m === 'warm');

    const database = config.database.url;
    const bytesBefore = await sizeOf(database);
    const before = await usage(server);
    load.send('go');
    const result = (await message(load, (m) => typeof m === 'object')) as {
      seconds: number;
      reports: number;
      p50: number;
      p99: number;
    };
    const after = await usage(server);
    server.kill('SIGTERM');
    await once(server, 'exit');
    const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
    return {
      reportsPerSecond: result.reports / result.seconds,
      cpuMicrosPerReport: cpu / result.reports,
      p50: result.p50,
      p99: result.p99,
      // The log was folded into the file when the server closed it.
      bytesPerSample: ((await sizeOf(database)) - bytesBefore) / (result.reports * SERIES_COUNT),
      memoryMiB: after.memory / 2 ** 20,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  }
}

function start(file: string, args: string[], variant: 'sealed' | 'clear', core: number): ChildProcess {
  const here = import.meta.dirname;
  const execArgv = variant === 'clear' ? ['--import', join(here, 'unsealed.ts')] : [];
  const child = fork(join(here, file), args, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  if (pin) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(child.pid)]);
  return child;
}

async function message(child: ChildProcess, wanted: (message: unknown) => boolean): Promise<unknown> {
  for (;;) {
    const which = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    if (which === undefined) throw new Error('a process of the bench ended early');
    if (wanted(which[0])) return which[0];
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

function medians(rounds: readonly Round[]): Round {
  const of = (key: keyof Round) => median(rounds.map((round) => round[key]));
  return {
    reportsPerSecond: of('reportsPerSecond'),
    cpuMicrosPerReport: of('cpuMicrosPerReport'),
    p50: of('p50'),
    p99: of('p99'),
    bytesPerSample: of('bytesPerSample'),
    memoryMiB: of('memoryMiB'),
  };
}

const rate = (round: Round | undefined) => Math.round(round?.reportsPerSecond ?? 0).toLocaleString('en');

function table(sealed: Round, clear: Round): string {
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
    `\nMedians; ${SERIES_COUNT} series a report; server ${pin ? 'pinned to one core, load to another' : 'not pinned'}.\n`
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
