import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { randomBytes } from '@bulwark/crypto';
import { AGENT_PATHS, CONTENT_TYPES, uuidBytes } from '@bulwark/protocol';
import { createFrameSealer, FRAME_HEADER_BYTES } from '@bulwark/telemetry';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { enrolSimulatedAgent, type SimulatedAgent, VALUES } from '../../../testing/simulated-agent.ts';
import { type HttpAnswer, startTestServer, type TestServer } from '../../../testing/test-server.ts';
import { openDatabase } from '../../db/open.ts';
import type { Database } from '../../db/schema.ts';

forEachDatabase('ingest', (openUrl) => {
  let server: TestServer;
  let db: Database;
  let agent: SimulatedAgent;
  let other: SimulatedAgent;
  before(async () => {
    server = await startTestServer(await openUrl());
    db = await openDatabase(server.config.database.url);
    agent = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'web-1');
    other = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'web-2');
    await other.report(VALUES);
  });
  after(async () => {
    await db.destroy();
    await server.stop();
  });

  async function storedReports(): Promise<number> {
    const { count } = await db
      .selectFrom('hot_report')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  describe('accepts', () => {
    test('a report, and acknowledges it by number', async () => {
      const before = await storedReports();
      const answer = await agent.report(VALUES);
      assert.equal(answer.status, 200);
      const { sequence, serverTime, intervalSeconds } = answer.json<Record<string, number>>();
      assert.deepEqual({ sequence, intervalSeconds }, { sequence: 1, intervalSeconds: 1 });
      assert.ok(Math.abs(Number(serverTime) - Date.now()) < 60_000);
      assert.equal(await storedReports(), before + 1);
    });

    test('frames that overtake one another', async () => {
      const frames = [1, 2, 3].map(() => agent.sealReport(VALUES));
      for (const frame of frames.toReversed()) assert.equal((await agent.send(frame)).status, 200);
    });

    test('fifty frames at once, each once', async () => {
      const before = await storedReports();
      const frames = Array.from({ length: 50 }, () => agent.sealReport(VALUES));
      const answers = await Promise.all([...frames, ...frames].map((frame) => agent.send(frame)));
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      assert.deepEqual([count(200), count(409)], [50, 50]);
      assert.equal(await storedReports(), before + 50);
    });

    test('an agent that was started again, while its earlier start still counts', async () => {
      const earlier = agent.sealReport(VALUES);
      assert.equal((await agent.send(earlier)).status, 200);
      agent.restart();
      assert.equal((await agent.report(VALUES)).status, 200);
      assert.equal((await agent.send(earlier)).status, 409);
    });
  });

  describe('refuses, stores nothing and logs one line without secrets:', () => {
    const flipped = (frame: Buffer, at: number) => Buffer.from(frame.map((byte, i) => (i === at ? byte ^ 1 : byte)));
    const withByte = (frame: Buffer, at: number, value: number) => Buffer.from(frame).fill(value, at, at + 1);
    const sealWith = (secret: Buffer, id = agent.id) =>
      createFrameSealer(secret, { agentId: uuidBytes(id), keyEpoch: 1, bootId: randomBytes(16) }).seal(
        'batch',
        Buffer.from('batch'),
      );
    const json = JSON.stringify({ hostname: 'canary-host', cpu: { total: 12.5 } });

    /** `stores`: reports that the case sends, rightly, before the one that is refused. */
    const cases: { name: string; status: number; code: string; stores?: number; send: () => Promise<HttpAnswer> }[] = [
      {
        name: 'a clear payload',
        status: 415,
        code: 'ERR_FRAME_CLEAR',
        send: () => agent.send(Buffer.from(json), { contentType: 'application/json' }),
      },
      {
        name: 'a clear payload that calls itself a frame',
        status: 400,
        code: 'ERR_FRAME_VERSION',
        send: () => agent.send(Buffer.from(json.padEnd(100))),
      },
      { name: 'a wrong key', status: 400, code: 'ERR_FRAME_OPEN', send: () => agent.send(sealWith(randomBytes(32))) },
      {
        name: 'a changed header (sequence)',
        status: 400,
        code: 'ERR_FRAME_OPEN',
        send: () => agent.send(flipped(agent.sealReport(VALUES), 46)),
      },
      {
        name: 'a changed header (boot)',
        status: 400,
        code: 'ERR_FRAME_OPEN',
        send: () => agent.send(flipped(agent.sealReport(VALUES), 30)),
      },
      {
        name: 'a changed body',
        status: 400,
        code: 'ERR_FRAME_OPEN',
        send: () => agent.send(flipped(agent.sealReport(VALUES), FRAME_HEADER_BYTES + 3)),
      },
      {
        name: 'a frame cut short',
        status: 400,
        code: 'ERR_FRAME_OPEN',
        send: () => agent.send(agent.sealReport(VALUES).subarray(0, -1)),
      },
      {
        name: 'a replayed frame',
        status: 409,
        code: 'ERR_FRAME_REPLAYED',
        stores: 1,
        async send() {
          const frame = agent.sealReport(VALUES);
          assert.equal((await agent.send(frame)).status, 200);
          return agent.send(frame);
        },
      },
      {
        name: 'a frame replayed after the server was restarted',
        status: 409,
        code: 'ERR_FRAME_REPLAYED',
        stores: 1,
        async send() {
          const frame = agent.sealReport(VALUES);
          assert.equal((await agent.send(frame)).status, 200);
          await server.restart();
          return agent.send(frame);
        },
      },
      {
        name: "a machine's frame under another's token",
        status: 403,
        code: 'ERR_FRAME_AGENT',
        send: () => other.send(agent.sealReport(VALUES)),
      },
      {
        name: "a frame of machine A sealed as machine B's",
        status: 400,
        code: 'ERR_FRAME_OPEN',
        send: () => other.send(sealWith(agent.sharedSecret, other.id)),
      },
      {
        name: 'an unknown version',
        status: 400,
        code: 'ERR_FRAME_VERSION',
        send: () => agent.send(withByte(agent.sealReport(VALUES), 0, 2)),
      },
      {
        name: 'an oversized body',
        status: 413,
        code: 'ERR_FRAME_TOO_LARGE',
        send: () => agent.send(Buffer.alloc(1024 * 1024 + 1)),
      },
      { name: 'an empty body', status: 400, code: 'ERR_FRAME_FORMAT', send: () => agent.send(Buffer.alloc(0)) },
      {
        name: 'an unknown token',
        status: 401,
        code: 'ERR_AGENT_UNKNOWN',
        send: () => agent.send(agent.sealReport(VALUES), { token: `bw_a_${'x'.repeat(49)}` }),
      },
      {
        name: 'no token',
        status: 401,
        code: 'ERR_AGENT_UNKNOWN',
        send: () =>
          server.call(AGENT_PATHS.ingest, {
            method: 'POST',
            headers: { 'content-type': CONTENT_TYPES.frame },
            body: agent.sealReport(VALUES),
          }),
      },
      {
        name: 'a sealed body that is no batch',
        status: 422,
        code: 'ERR_BATCH_INVALID',
        send: () => agent.send(agent.sealer().seal('batch', Buffer.from('x'))),
      },
      {
        name: 'a metric that is not in the catalogue',
        status: 422,
        code: 'ERR_BATCH_INVALID',
        send: () => agent.send(agent.sealDictionary({ 'keys.typed': 1 })),
      },
      {
        name: 'a state that its schema does not know',
        status: 422,
        code: 'ERR_BATCH_INVALID',
        stores: 1,
        async send() {
          assert.equal((await agent.report(VALUES)).status, 200);
          return agent.send(agent.sealReport(VALUES, { states: { environment: { AWS_SECRET: 'canary' } } }));
        },
      },
      {
        name: 'a report before its dictionary',
        status: 424,
        code: 'ERR_DICTIONARY_NEEDED',
        send: () => agent.send(agent.sealReport({ 'load.1m': 1 })),
      },
    ];

    for (const { name, status, code, stores = 0, send } of cases) {
      test(name, async () => {
        await agent.report(VALUES);
        const linesBefore = server.logLines().length;
        const storedBefore = await storedReports();
        const answer = await send();
        assert.equal(answer.status, status, answer.body.toString());
        assert.equal(answer.json<{ error: { code: string } }>().error.code, code);
        assert.equal(await storedReports(), storedBefore + stores);
        const lines = server
          .logLines()
          .slice(linesBefore)
          .filter((line) => line.event === 'frame.refused');
        assert.equal(lines.length, 1);
        assert.equal(lines[0]?.code, code);
        const said = JSON.stringify(server.logLines().slice(linesBefore));
        for (const secret of [agent.apiToken, other.apiToken, agent.sharedSecret.toString('base64'), 'canary']) {
          assert.ok(!said.includes(secret), 'a secret is in the log');
        }
      });
    }

    test('more frames than an agent may send', async () => {
      const fast = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'fast');
      await fast.report(VALUES);
      const answers = await Promise.all(Array.from({ length: 220 }, () => fast.send(fast.sealReport(VALUES))));
      const refused = answers.filter(({ status }) => status === 429);
      assert.ok(refused.length >= 20, `${refused.length} refused`);
      assert.equal(refused[0]?.headers['retry-after'], '5');
      assert.equal((await agent.report(VALUES)).status, 200, 'another agent is not held up');
    });

    test('any frame of a revoked machine, from the next request on', async () => {
      const session = await server.signInAsAdministrator();
      const revoking = await server.call(`/api/machines/${other.id}/revoke`, { method: 'POST', headers: session });
      assert.equal(revoking.status, 204, revoking.body.toString());
      const before = await storedReports();
      const answer = await other.report(VALUES);
      assert.deepEqual(
        [answer.status, answer.json<{ error: { code: string } }>().error.code],
        [403, 'ERR_AGENT_REVOKED'],
      );
      assert.equal(await storedReports(), before);
      await server.restart();
      assert.equal((await other.report(VALUES)).status, 403, 'and after a restart');
    });
  });
});
