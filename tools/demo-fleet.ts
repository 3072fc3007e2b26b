import { access } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPrivateFile, writePrivateFile } from '@bulwark/private-files';
import { openDatabase } from '../apps/server/src/db/open.ts';
import { loadConfig, prepareDataDirectory } from '../apps/server/src/index.ts';
import { httpsCaller } from '../apps/server/testing/https-caller.ts';
import { speak } from '../testing/send-frames.ts';
import { enrolFleet, type SimulatedAgent } from '../testing/simulated-fleet.ts';

/*
 * Forty simulated machines with a day behind them, so that there is something to look at while developing. They report
 * as agents do, sealed and over TLS; only their enrolment is written straight into the database.
 */
const MACHINES = 40;
const STEP_MS = 10_000;

const agentsFile = (dataDir: string) => path.join(dataDir, 'demo-fleet.json');

/** Enrols the demo fleet in a data directory, once. The server must not run on it meanwhile. */
export async function seedDemoFleet(dataDir: string, port: number): Promise<void> {
  const { configFile } = await prepareDataDirectory(dataDir, { 'server.port': String(port) });
  const isSeeded = await access(agentsFile(dataDir)).then(
    () => true,
    () => false,
  );
  if (isSeeded) return;
  const config = await loadConfig({
    file: configFile,
    env: {},
    flags: { 'server.data_dir': dataDir },
    production: false,
  });
  const db = await openDatabase(config.database.url);
  const agents = await enrolFleet({ db, keys: config.server, machines: MACHINES, intervalSeconds: STEP_MS / 1000 });
  await db.destroy();
  await writePrivateFile(agentsFile(dataDir), JSON.stringify(agents));
}

if (import.meta.main) {
  const [dataDir = '', port = ''] = process.argv.slice(2);
  const agents = JSON.parse((await readPrivateFile(agentsFile(dataDir))).toString('utf8')) as SimulatedAgent[];
  const caFile = path.join(dataDir, 'tls/ca.pem');
  const { call } = await httpsCaller(`https://localhost:${port}`, caFile);
  const machines = agents.map((agent, i) => speak(call, agent, i));
  const isThere = () =>
    call('/healthz').then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isThere())) await sleep(500);
  await Promise.all(machines.map((machine) => machine.sendHistory(24, STEP_MS)));
  console.log(`${machines.length} simulated machines report every ${STEP_MS / 1000} s`);
  for (;;) {
    // A server that restarts because its source changed is away for a moment.
    await Promise.all(machines.map((machine) => machine.sendReport(STEP_MS).catch(() => {})));
    await sleep(STEP_MS);
  }
}
