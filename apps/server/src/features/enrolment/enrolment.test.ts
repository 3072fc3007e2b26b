import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeBase64Url, encodeBase64Url, randomBytes } from '@bulwark/crypto';
import { AGENT_PATHS, CONTENT_TYPES, EnrolmentKey } from '@bulwark/protocol';
import { encodeEnrolmentToken, isServerKeyProved, parseEnrolmentToken } from '@bulwark/telemetry';
import { sql } from 'kysely';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { askToEnrol, askWith, enrolSimulatedAgent } from '../../../testing/simulated-agent.ts';
import { startTestServer, type TestServer } from '../../../testing/test-server.ts';
import { openDatabase } from '../../db/open.ts';
import type { Database } from '../../db/schema.ts';

forEachDatabase('enrolment', (openUrl) => {
  let server: TestServer;
  let db: Database;
  let session: Record<string, string>;
  before(async () => {
    server = await startTestServer(await openUrl());
    db = await openDatabase(server.config.database.url);
    session = await server.signInAsAdministrator();
  });
  after(async () => {
    await db.destroy();
    await server.stop();
  });

  async function machineNames(): Promise<Set<string>> {
    return new Set((await db.selectFrom('machine').select('id').execute()).map(({ id }) => id));
  }
  async function serverKey(): Promise<Buffer> {
    return Buffer.from(parseEnrolmentToken(await server.running.createEnrolmentToken()).serverKey);
  }

  test('turns a token of the console into a machine, and tells the console so', async () => {
    const created = await server.call('/api/enrolment-tokens', { method: 'POST', headers: session, json: {} });
    assert.equal(created.status, 201);
    const { id, token, command } = created.json<Record<string, string>>();
    assert.equal(command, `bulwark agent enroll ${token}`);
    const state = () => server.call(`/api/enrolment-tokens/${id}`, { headers: session });
    assert.equal((await state()).json().state, 'waiting');
    const agent = await enrolSimulatedAgent(server.call, String(token));
    assert.deepEqual((await state()).json(), { id, state: 'used', machineId: agent.id });
  });

  test('keeps no token and no API token that could be used', async () => {
    const token = await server.running.createEnrolmentToken();
    const { apiToken } = await enrolSimulatedAgent(server.call, token);
    const { secret } = parseEnrolmentToken(token);
    const rows = JSON.stringify([
      await db.selectFrom('enrolment_token').selectAll().execute(),
      await db.selectFrom('machine').selectAll().execute(),
    ]);
    for (const leaked of [apiToken, token, Buffer.from(secret).toString('hex')]) assert.ok(!rows.includes(leaked));
  });

  test('takes the key pair of a package, after proving that the server holds the encryption key', async () => {
    const { apiKey, encryptionKey } = server.config.server;
    const nonce = randomBytes(32);
    const answer = await server.call(`${AGENT_PATHS.enrolmentKey}?nonce=${encodeBase64Url(nonce)}`);
    const { serverKey, proof } = EnrolmentKey.parse(answer.json());
    const key = decodeBase64Url(serverKey);
    assert.ok(isServerKeyProved(encryptionKey, nonce, key, decodeBase64Url(proof)));
    assert.ok(!isServerKeyProved(randomBytes(32), nonce, key, decodeBase64Url(proof)));
    assert.ok(!isServerKeyProved(encryptionKey, randomBytes(32), key, decodeBase64Url(proof)));
    const enrolled = await askWith(server.call, key, { kind: 'key', apiKey }, 'packaged');
    assert.equal(enrolled.answer.status, 201);
  });

  describe('refuses with one answer, and adds no machine:', () => {
    /** `adds`: machines that the case enrols, rightly, before. */
    const cases: { name: string; adds?: number; ask: () => Promise<{ answer: { status: number; body: Buffer } }> }[] = [
      {
        name: 'a token used twice',
        adds: 1,
        async ask() {
          const token = await server.running.createEnrolmentToken();
          assert.equal((await askToEnrol(server.call, token, 'first')).answer.status, 201);
          return askToEnrol(server.call, token, 'second');
        },
      },
      {
        name: 'a token used by two at once',
        adds: 1,
        async ask() {
          const token = await server.running.createEnrolmentToken();
          const asked = await Promise.all([1, 2, 3].map((n) => askToEnrol(server.call, token, `racer-${n}`)));
          assert.deepEqual(asked.map(({ answer }) => answer.status).sort(), [201, 403, 403]);
          return askToEnrol(server.call, token, 'late');
        },
      },
      {
        name: 'an expired token',
        async ask() {
          const token = await server.running.createEnrolmentToken();
          // The server's clock is the real one, so it is the token that is made old.
          await sql`update enrolment_token set expires_at = ${Date.now() - 1} where used_at is null`.execute(db);
          return askToEnrol(server.call, token, 'late');
        },
      },
      {
        name: 'a token that was never made',
        ask: async () =>
          askToEnrol(
            server.call,
            encodeEnrolmentToken({ secret: randomBytes(16), serverKey: await serverKey(), serverUrl: server.url }),
            'stranger',
          ),
      },
      {
        name: 'a request sealed to another server',
        ask: () =>
          askToEnrol(
            server.call,
            encodeEnrolmentToken({ secret: randomBytes(16), serverKey: randomBytes(32), serverUrl: server.url }),
            'stranger',
          ),
      },
      {
        name: 'a wrong API key',
        ask: async () => askWith(server.call, await serverKey(), { kind: 'key', apiKey: 'x'.repeat(44) }, 'stranger'),
      },
      {
        name: 'a request in clear',
        ask: async () => ({
          answer: await server.call(AGENT_PATHS.enrol, {
            method: 'POST',
            headers: { 'content-type': CONTENT_TYPES.enrolment },
            body: JSON.stringify({ credential: { kind: 'key', apiKey: server.config.server.apiKey } }),
          }),
        }),
      },
    ];
    for (const { name, adds = 0, ask } of cases) {
      test(name, async () => {
        const machines = await machineNames();
        const { answer } = await ask();
        assert.equal(answer.status, 403, answer.body.toString());
        assert.deepEqual(JSON.parse(answer.body.toString()), {
          error: { code: 'ERR_ENROLMENT_REFUSED', message: 'The enrolment was refused.' },
        });
        assert.equal((await machineNames()).size - machines.size, adds);
        const line = server.logLines().findLast(({ event }) => event === 'enrolment.refused');
        assert.equal(line?.code, 'ERR_ENROLMENT_REFUSED');
        assert.ok(!server.logText().includes(server.config.server.apiKey));
      });
    }

    test('a request that was heard before', async () => {
      const { apiKey } = server.config.server;
      const requests: Uint8Array[] = [];
      const listen: TestServer['call'] = (path, options) => {
        if (options?.body instanceof Uint8Array) requests.push(options.body);
        return server.call(path, options);
      };
      await askWith(listen, await serverKey(), { kind: 'key', apiKey }, 'heard');
      const before = await machineNames();
      const again = await server.call(AGENT_PATHS.enrol, {
        method: 'POST',
        headers: { 'content-type': CONTENT_TYPES.enrolment },
        body: requests[0] ?? '',
      });
      assert.equal(again.status, 409);
      assert.deepEqual(await machineNames(), before);
    });
  });
});
