import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrolSimulatedAgent, VALUES } from '../testing/simulated-agent.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

/*
 * Every route that gives data, from the outside. A route without declared access does not even start
 * (http/access.ts); this shows what the declarations are worth.
 */
const DATA_ROUTES = [
  ['GET', '/api/fleet'],
  ['GET', '/api/fleet/events'],
  ['GET', '/api/machines'],
  ['GET', '/api/machines/:id'],
  ['GET', '/api/machines/:id/events'],
  ['GET', '/api/machines/:id/metrics?metrics=cpu.total&from=0&to=1000000'],
  ['POST', '/api/machines/:id/revoke'],
  ['POST', '/api/enrolment-tokens'],
  ['GET', '/api/enrolment-tokens/:id'],
  ['GET', '/api/protection'],
  ['GET', '/api/session'],
  ['DELETE', '/api/session'],
] as const;

describe('data routes', () => {
  let server: TestServer;
  let machineId: string;
  before(async () => {
    server = await startTestServer();
    const agent = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken(), 'secret-host');
    await agent.report(VALUES);
    machineId = agent.id;
  });
  after(() => server.stop());

  const refused = { error: { code: 'ERR_SESSION', message: 'Sign in first.' } };
  const cookies = { none: '', garbage: '__Host-bulwark=garbage', oversize: `__Host-bulwark=${'x'.repeat(6000)}` };
  for (const [method, path] of DATA_ROUTES) {
    for (const [kind, cookie] of Object.entries(cookies)) {
      test(`${method} ${path} without a session (cookie: ${kind}) is 401 and gives nothing`, async () => {
        const headers = { ...(cookie && { cookie }), origin: server.url, 'sec-fetch-site': 'same-origin' };
        const answer = await server.call(path.replace(':id', machineId), { method, headers });
        assert.equal(answer.status, 401, answer.body.toString());
        assert.deepEqual(answer.json(), refused);
      });
    }
  }

  test('are closed to the cookie of a session that was signed out', async () => {
    const session = await server.signInAsAdministrator();
    assert.equal((await server.call('/api/fleet', { headers: session })).status, 200);
    assert.equal((await server.call('/api/session', { method: 'DELETE', headers: session })).status, 204);
    for (const [method, path] of DATA_ROUTES) {
      const answer = await server.call(path.replace(':id', machineId), { method, headers: session });
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.ok(!answer.body.toString().includes('secret-host'));
    }
  });

  test('are closed to the API token of an agent', async () => {
    const agent = await enrolSimulatedAgent(server.call, await server.running.createEnrolmentToken());
    const answer = await server.call('/api/machines', { headers: { authorization: `Bearer ${agent.apiToken}` } });
    assert.equal(answer.status, 401);
  });

  test('end their event streams when the session ends', async () => {
    const session = await server.signInAsAdministrator();
    const stream = server.call(`/api/machines/${machineId}/events`, { headers: session });
    // The connection that carries the stream is not the one that signs out: both are under way at once.
    await server.call('/api/session', { method: 'DELETE', headers: session });
    const { status, body } = await stream;
    assert.ok([200, 401].includes(status));
    assert.ok(!body.includes('event: sample'));
  });
});
