import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsResult } from '@bulwark/protocol';
import { enrolSimulatedAgent, type SimulatedAgent, VALUES } from '../../../testing/simulated-agent.ts';
import { startTestServer, type TestServer } from '../../../testing/test-server.ts';
import { openSqlite } from '../../db/node-sqlite.ts';

/* The disk says no for a while: a trigger makes every write of a report fail, as a full disk would. */
let server: TestServer;
let agent: SimulatedAgent;
before(async () => {
  server = await startTestServer();
  agent = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken());
});
after(() => server.stop());

function onDisk(sql: string): void {
  const db = openSqlite(server.config.database.url);
  db.exec(sql);
  db.close();
}

const FULL = "CREATE TRIGGER full BEFORE INSERT ON hot_report BEGIN SELECT RAISE(ABORT, 'disk full'); END";

test('reports that cannot be stored are refused for now, and taken when they are sent again', async () => {
  const start = Date.now() - 30_000;
  assert.equal((await agent.report({ ...VALUES, 'cpu.total': 1 }, { time: start })).status, 200);

  onDisk(FULL);
  const frames = [2, 3].map((cpu) => agent.sealReport({ ...VALUES, 'cpu.total': cpu }, { time: start + cpu * 1000 }));
  for (const frame of frames) {
    // What the server knew of the machine may not be what is on the disk, so it forgets that too.
    await agent.send(agent.sealDictionary(VALUES));
    const answer = await agent.send(frame);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '5');
  }
  assert.ok(server.logLines().some(({ event, reason }) => event === 'store.failed' && reason === 'disk full'));

  onDisk('DROP TRIGGER full');
  await agent.send(agent.sealDictionary(VALUES));
  for (const frame of frames) assert.equal((await agent.send(frame)).status, 200);
  for (const frame of frames) assert.equal((await agent.send(frame)).status, 409);

  const headers = await server.signInAsAdministrator();
  const query = `metrics=cpu.total&from=${start - 1000}&to=${start + 10_000}`;
  const { series, unreadable } = (
    await server.call(`/api/machines/${agent.id}/metrics?${query}`, { headers })
  ).json<MetricsResult>();
  assert.equal(unreadable, 0);
  const values = series[0]?.values.filter((value) => value !== null);
  assert.ok(
    [1, 2, 3].every((value) => values?.includes(value)),
    JSON.stringify(values),
  );
});

test('a copy of a report whose first copy fails on its way to the disk is to be sent again, not called received', async () => {
  await agent.send(agent.sealDictionary(VALUES));
  assert.equal((await agent.report(VALUES)).status, 200);

  // A writer that holds the database keeps the first copy on its way until the second one is there.
  const db = openSqlite(server.config.database.url);
  db.exec('BEGIN IMMEDIATE');
  const frame = agent.sealReport(VALUES);
  const answers = [agent.send(frame), sleep(100).then(() => agent.send(frame))];
  await sleep(300);
  db.exec(FULL);
  db.exec('COMMIT');
  db.close();
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [503, 503],
  );

  onDisk('DROP TRIGGER full');
  await agent.send(agent.sealDictionary(VALUES));
  assert.equal((await agent.send(frame)).status, 200);
});
