import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { MachineDetail, MachineList, MetricsResult } from '@bulwark/protocol';
import { sql } from 'kysely';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { CANARY, CANARY_STATES, CANARY_VALUES } from '../../../testing/canary.ts';
import { enrolSimulatedAgent, type SimulatedAgent } from '../../../testing/simulated-agent.ts';
import { startTestServer, type TestServer } from '../../../testing/test-server.ts';
import { openDatabase } from '../../db/open.ts';
import type { Database } from '../../db/schema.ts';

const CANARIES = Object.values(CANARY);

forEachDatabase('what a machine reports', (openUrl, engine) => {
  let server: TestServer;
  let db: Database;
  let agent: SimulatedAgent;
  let session: Record<string, string>;
  const start = Date.now() - 60_000;
  before(async () => {
    server = await startTestServer(await openUrl());
    db = await openDatabase(server.config.database.url);
    agent = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), CANARY.host);
    for (let i = 0; i < 4; i++)
      await agent.report(
        { ...CANARY_VALUES, 'cpu.total': 10 * i },
        { time: start + i * 10_000, states: CANARY_STATES },
      );
    session = await server.signInAsAdministrator();
  });
  after(async () => {
    await db.destroy();
    await server.stop();
  });

  const detail = async () =>
    (await server.call(`/api/machines/${agent.id}`, { headers: session })).json<MachineDetail>();
  const metrics = async () => {
    const query = `metrics=cpu.total&from=${start - 60_000}&to=${Date.now() + 60_000}`;
    const answer = await server.call(`/api/machines/${agent.id}/metrics?${query}`, { headers: session });
    return answer.json<MetricsResult>();
  };

  test('is on the page of a signed-in user', async () => {
    const page = JSON.stringify(await detail());
    for (const canary of CANARIES) assert.ok(page.includes(canary), canary);
    const { items } = (await server.call('/api/machines', { headers: session })).json<MachineList>();
    assert.equal(items[0]?.name, CANARY.host);
  });

  test('is in no file of the data directory and no row of the database: not in clear, base64 or hex', async () => {
    const stores: { name: string; bytes: Buffer }[] = [];
    for (const entry of await readdir(server.dataDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      stores.push({ name: file, bytes: await readFile(file) });
    }
    stores.push({ name: 'log', bytes: Buffer.from(server.logText()) });
    if (engine === 'postgres') stores.push({ name: 'database', bytes: await dumpRows(db) });
    assert.ok(stores.some(({ bytes }) => bytes.length > 1000));
    for (const { name, bytes } of stores) {
      const text = bytes.toString('latin1');
      for (const canary of CANARIES) {
        for (const form of formsOf(canary)) assert.ok(!text.includes(form), `${canary} is in ${name}`);
      }
    }
  });

  test('is there again after a restart', async () => {
    await server.restart();
    const page = await detail();
    assert.equal(page.name, CANARY.host);
    assert.equal(page.info?.hostname, CANARY.host);
    const [cpu] = (await metrics()).series;
    assert.deepEqual(
      cpu?.values.filter((value) => value !== null),
      [0, 10, 20, 30],
    );
  });

  describe('once two sealed cells have changed places,', () => {
    test('two reports of one machine do not open; the others are read', async () => {
      const [first, second] = await db.selectFrom('hot_report').select(['id', 'body']).orderBy('id').limit(2).execute();
      await sql`update hot_report set body = ${second?.body} where id = ${first?.id}`.execute(db);
      await sql`update hot_report set body = ${first?.body} where id = ${second?.id}`.execute(db);
      const result = await metrics();
      assert.equal(result.unreadable, 2);
      assert.deepEqual(
        result.series[0]?.values.filter((value) => value !== null),
        [20, 30],
      );
      const line = server.logLines().findLast(({ event }) => event === 'decrypt.failed');
      assert.deepEqual([line?.table, line?.column], ['hot_report', 'body']);
    });

    test('two names do not open; the rest of the fleet is there', async () => {
      await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'swapped');
      await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'untouched');
      const [first, second] = await db.selectFrom('machine').select(['id', 'name']).orderBy('no').limit(2).execute();
      await sql`update machine set name = ${second?.name} where id = ${first?.id}`.execute(db);
      await sql`update machine set name = ${first?.name} where id = ${second?.id}`.execute(db);
      await server.restart();
      const { items } = (await server.call('/api/machines', { headers: session })).json<MachineList>();
      assert.deepEqual(
        items.map(({ name }) => name.replace(/\(.*\)/, '(…)')),
        ['unreadable name (…)', 'unreadable name (…)', 'untouched'],
      );
    });
  });
});

/** All rows of all tables, bytes as they are. */
async function dumpRows(db: Database): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { name } of await db.introspection.getTables()) {
    for (const row of await db
      .selectFrom(name as 'machine')
      .selectAll()
      .execute()) {
      for (const value of Object.values(row)) parts.push(Buffer.isBuffer(value) ? value : Buffer.from(String(value)));
    }
  }
  return Buffer.concat(parts);
}

/** Base64 of a text depends on where it begins within three bytes; its inner part is the same each time. */
function formsOf(text: string): string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + text)
      .toString('base64')
      .slice(4, -4),
  );
  const hex = Buffer.from(text).toString('hex');
  return [
    text,
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replace(/\+/g, '-').replace(/\//g, '_')),
  ];
}
