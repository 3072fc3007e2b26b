import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonLines, type Started, startBulwark } from '../../apps/cli/testing/run-bulwark.ts';
import { prepareDataDirectory } from '../../apps/server/src/config/development.ts';
import { openDatabase } from '../../apps/server/src/db/open.ts';
import { httpsCaller, signIn } from '../../apps/server/testing/https-caller.ts';
import { enrolSimulatedAgent, type SimulatedAgent, VALUES } from '../../apps/server/testing/simulated-agent.ts';
import { freePort } from '../free-port.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';

const ROUNDS = 20;

/*
 * Server and agent are real processes, killed with SIGKILL at random moments. What was acknowledged must be in the
 * database afterwards, and nothing twice. Besides the real agent, which reports every second, a simulated one sends as
 * fast as it is answered, so that a kill finds frames in every state.
 */
let directory: TempDir;
before(async () => {
  directory = await tempDir();
});
const running = new Set<Started>();
after(async () => {
  for (const { process } of running) process.kill('SIGKILL');
  await directory.remove();
});

/** Started processes end with the test, however it ends. */
function start(...args: Parameters<typeof startBulwark>): Started {
  const started = startBulwark(...args);
  running.add(started);
  void started.finished.then(() => running.delete(started));
  return started;
}

test(`no acknowledged report is lost and none is double after ${ROUNDS} kills of server and agent`, async () => {
  const dataDir = join(directory.path, 'data');
  const port = String(await freePort());
  const { configFile, caFile } = await prepareDataDirectory(dataDir, { 'server.port': port });
  const startServer = async () => {
    const started = start([
      'server',
      '--config',
      configFile,
      '--server-data-dir',
      dataDir,
      '--server-interval',
      '1',
      '--json',
    ]);
    await started.event('started');
    return started;
  };

  // The real agent: the server's own, enrolled and started by `up`, so that both ways of starting are under test.
  const up = start(['up', '--data-dir', dataDir, '--port', port, '--server-interval', '1', '--json']);
  await up.event('report');
  up.process.kill('SIGTERM');
  assert.equal((await up.finished).code, 0);
  const agentArgs = [
    'agent',
    'run',
    '--config',
    join(dataDir, 'agent', 'agent.json'),
    '--state-dir',
    join(dataDir, 'agent'),
    '--json',
  ];
  const startAgent = () => start(agentArgs, { NODE_EXTRA_CA_CERTS: caFile });

  const { call, close } = await httpsCaller(`https://localhost:${port}`, caFile);
  let server = await startServer();
  const url = `https://localhost:${port}`;
  const session = await signIn(call, url, String((await server.event('started')).setupUrl));
  const asked = await call('/api/enrolment-tokens', { method: 'POST', headers: session, json: {} });
  const { token } = asked.json<{ token: string }>();
  const simulated = await enrolSimulatedAgent(call, token, 'simulated');
  const sending = sendUntilStopped(simulated);

  const realBoots: number[][] = [];
  let agent = startAgent();
  let sent: Awaited<ReturnType<typeof sending.stop>>;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(300 + Math.random() * 1500);
      if (round % 3 !== 1) {
        server.process.kill('SIGKILL');
        await server.finished;
        server = await startServer();
      }
      if (round % 3 === 1) {
        // On a busy machine an agent may need longer to its first report than it is given to live: half of them get there.
        await agent.event('report');
        await sleep(Math.random() * 1500);
      }
      if (round % 3 !== 0) {
        agent.process.kill('SIGKILL');
        realBoots.push(acknowledged((await agent.finished).stdout));
        agent = startAgent();
      }
    }
    await agent.event('report');
    agent.process.kill('SIGTERM');
    realBoots.push(acknowledged((await agent.finished).stdout));
  } finally {
    sent = await sending.stop();
  }
  close();
  server.process.kill('SIGTERM');
  assert.equal((await server.finished).code, 0);

  const db = await openDatabase(join(dataDir, 'bulwark.db'));
  const rows = await db
    .selectFrom('hot_report')
    .innerJoin('machine', 'machine.no', 'hot_report.machine_no')
    .select(['machine.id', 'boot_no', 'sequence'])
    .orderBy('boot_no')
    .execute();
  await db.destroy();

  const keys = rows.map((row) => `${row.id} ${row.boot_no} ${row.sequence}`);
  assert.equal(new Set(keys).size, keys.length, 'a report is there twice');

  const stored = (isSimulated: boolean) => {
    const boots = new Map<number, Set<number>>();
    for (const row of rows.filter(({ id }) => (id === simulated.id) === isSimulated)) {
      boots.set(row.boot_no, (boots.get(row.boot_no) ?? new Set()).add(row.sequence));
    }
    return [...boots.values()];
  };
  assert.ok(sent.acknowledged.length > 200, `only ${sent.acknowledged.length} reports were acknowledged`);
  const [simulatedBoot] = stored(true);
  for (const sequence of sent.acknowledged) assert.ok(simulatedBoot?.has(sequence), `report ${sequence} is lost`);

  assert.ok(realBoots.flat().length > 5, 'the real agent hardly reported');
  // A boot of the real agent that was killed before its first report reached the server left no rows.
  let boots = stored(false);
  for (const boot of realBoots.filter((sequences) => sequences.length > 0)) {
    const at = boots.findIndex((sequences) => boot.every((sequence) => sequences.has(sequence)));
    assert.ok(at >= 0, `a boot of the agent lost a report: ${boot}`);
    boots = boots.slice(at + 1);
  }
  console.log(
    `${rows.length} reports stored, ${sent.acknowledged.length + realBoots.flat().length} acknowledged, ${sent.resent} sent again`,
  );
});

/** Sequence numbers that the agent was told are stored. */
function acknowledged(stdout: string): number[] {
  return jsonLines(stdout).flatMap(({ event, sequence }) => (event === 'report' ? Number(sequence) : []));
}

/** Sends reports one after the other; one that was not answered is sent again, as an agent does. */
function sendUntilStopped(agent: SimulatedAgent) {
  const result = { acknowledged: [] as number[], resent: 0 };
  let isStopped = false;
  const running = (async () => {
    let dictionary = agent.sealDictionary(VALUES);
    await agent.send(dictionary);
    for (let frame = agent.sealReport(VALUES); !isStopped; frame = agent.sealReport(VALUES)) {
      for (;;) {
        const answer = await agent.send(frame).catch(() => undefined);
        if (answer?.status === 200) {
          result.acknowledged.push(answer.json<{ sequence: number }>().sequence);
          break;
        }
        if (answer?.status === 409) {
          // Stored before the kill, its acknowledgement lost: as good as acknowledged.
          result.acknowledged.push(frame.readUInt32BE(44));
          break;
        }
        if (answer?.status === 424) {
          dictionary = agent.sealDictionary(VALUES);
          await agent.send(dictionary).catch(() => undefined);
        }
        if (isStopped) return;
        result.resent += 1;
        await sleep(20);
      }
      await sleep(2);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await running;
      return result;
    },
  };
}
