import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { InjectOptions, RouteShorthandOptions } from 'fastify';
import { pino } from 'pino';
import { z } from 'zod';
import type { ActiveSession, SessionLookup } from './access.ts';
import { createApp } from './create-app.ts';
import { RequestError } from './errors.ts';

const ORIGIN = 'https://fleet.example';
const SECRET = 'correct-horse-battery';
const limit = { max: 1000, windowSeconds: 60 };

const sessionOf = (role: ActiveSession['user']['role']): ActiveSession => ({
  id: role,
  user: { id: role, username: role, role },
  csrfToken: `csrf-${role}`,
  expiresAt: 1,
});
/** The token of a session is its user's role. */
const sessions: SessionLookup = {
  async find(token) {
    return token === 'administrator' || token === 'viewer' ? sessionOf(token) : undefined;
  },
};

async function testApp() {
  const lines: string[] = [];
  const app = await createApp({
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
    publicOrigins: [ORIGIN],
    sessions,
    bodyLimitBytes: 1024,
  });
  const Body = z.strictObject({ name: z.string().min(3), count: z.number().optional() });
  const Answer = z.object({ name: z.string() });
  const config = { access: 'session', limit } as const;

  app.get('/api/machines', { config, schema: { response: { 200: Answer } } }, async (request) => {
    return { name: request.session.user.username, password_hash: SECRET };
  });
  app.get('/api/metrics', { config, schema: { response: { 200: Answer } } }, async () => ({ name: 'load' }));
  app.get('/api/machines/:id', { config, schema: { response: { 200: Answer } } }, async () => ({ name: 'one' }));
  app.post('/api/machines', { config, schema: { body: Body, response: { 200: Answer } } }, async ({ body }) => body);
  app.post(
    '/api/keys',
    { config: { access: 'administrator', limit }, schema: { response: { 200: Answer } } },
    async () => ({ name: 'key' }),
  );
  const open = { config: { access: 'public', limit }, schema: { response: { 200: Answer } } } as const;
  app.get('/api/broken', open, async () => {
    throw new Error(`cannot read ${SECRET}`);
  });
  app.get('/api/thrown-text', open, async () => {
    throw SECRET;
  });
  app.get('/api/wrong-answer', open, async () => ({ name: 7 }) as never);
  app.get('/api/busy', open, async () => {
    throw new RequestError('ERR_BUSY', { retryAfterSeconds: 3 });
  });
  app.get('/api/careless', open, async (request) => ({ name: request.session.user.username }));
  return { app, lines };
}

const as = (token: string) => ({
  cookie: `__Host-bulwark=${token}`,
  origin: ORIGIN,
  'x-bulwark-csrf': `csrf-${token}`,
});
const post = (payload: unknown, headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url: '/api/machines',
  headers: { ...as('viewer'), 'content-type': 'application/json', ...headers },
  payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
});

describe('an answer that is no success is canonical, and echoes nothing', () => {
  const cases: {
    name: string;
    request: InjectOptions;
    status: number;
    code: string;
    headers?: Record<string, string>;
  }[] = [
    { name: 'a path of nothing', request: { url: '/api/nothing' }, status: 404, code: 'ERR_NOT_FOUND' },
    {
      name: 'another method',
      request: { url: '/api/keys' },
      status: 405,
      code: 'ERR_METHOD',
      headers: { allow: 'POST' },
    },
    {
      name: 'another method, with parameters',
      request: { method: 'PUT', url: '/api/machines/7?a=1' },
      status: 405,
      code: 'ERR_METHOD',
      headers: { allow: 'GET, HEAD' },
    },
    { name: 'a bad escape', request: { url: `/api/%zz${SECRET}` }, status: 400, code: 'ERR_INPUT' },
    {
      name: 'a long parameter',
      request: { url: `/api/machines/${'x'.repeat(200)}` },
      status: 414,
      code: 'ERR_URL_LENGTH',
    },
    { name: 'no session', request: { url: '/api/machines' }, status: 401, code: 'ERR_SESSION' },
    {
      name: 'another role',
      request: { method: 'POST', url: '/api/keys', headers: as('viewer') },
      status: 403,
      code: 'ERR_ROLE',
    },
    {
      name: 'another site',
      request: post({ name: 'abc' }, { 'sec-fetch-site': 'cross-site' }),
      status: 403,
      code: 'ERR_CROSS_SITE',
    },
    {
      name: 'no CSRF token',
      request: post({ name: 'abc' }, { 'x-bulwark-csrf': '' }),
      status: 403,
      code: 'ERR_CSRF_TOKEN',
    },
    { name: 'a field too short', request: post({ name: 'ab' }), status: 400, code: 'ERR_INPUT' },
    { name: 'a field too many', request: post({ name: 'abc', [SECRET]: 1 }), status: 400, code: 'ERR_INPUT' },
    { name: 'a field of another type', request: post({ name: { [SECRET]: SECRET } }), status: 400, code: 'ERR_INPUT' },
    {
      name: 'no body',
      request: { method: 'POST', url: '/api/machines', headers: as('viewer') },
      status: 400,
      code: 'ERR_INPUT',
    },
    { name: 'broken JSON', request: post(`{"name": "${SECRET}`), status: 400, code: 'ERR_INPUT' },
    {
      name: 'JSON with __proto__',
      request: post('{"name":"abc","__proto__":{"a":1}}'),
      status: 400,
      code: 'ERR_INPUT',
    },
    { name: 'a large body', request: post({ name: 'x'.repeat(2000) }), status: 413, code: 'ERR_TOO_LARGE' },
    {
      name: 'a form',
      request: post(`name=${SECRET}`, { 'content-type': 'application/x-www-form-urlencoded' }),
      status: 415,
      code: 'ERR_CONTENT_TYPE',
    },
    {
      name: 'plain text',
      request: post('{"name":"abc"}', { 'content-type': 'text/plain' }),
      status: 415,
      code: 'ERR_CONTENT_TYPE',
    },
    { name: 'a fault', request: { url: '/api/broken' }, status: 500, code: 'ERR_INTERNAL' },
    { name: 'a fault that is no Error', request: { url: '/api/thrown-text' }, status: 500, code: 'ERR_INTERNAL' },
    { name: 'an answer against its schema', request: { url: '/api/wrong-answer' }, status: 500, code: 'ERR_INTERNAL' },
    {
      name: 'too much work',
      request: { url: '/api/busy' },
      status: 503,
      code: 'ERR_BUSY',
      headers: { 'retry-after': '3' },
    },
    {
      name: 'a session where there is none',
      request: { url: '/api/careless', headers: as('viewer') },
      status: 401,
      code: 'ERR_SESSION',
    },
  ];
  for (const { name, request, status, code, headers = {} } of cases) {
    test(name, async () => {
      const { app } = await testApp();
      const answer = await app.inject(request);
      assert.equal(answer.statusCode, status, answer.body);
      assert.deepEqual(Object.keys(answer.json()), ['error']);
      assert.deepEqual(Object.keys(answer.json().error), ['code', 'message']);
      assert.equal(answer.json().error.code, code);
      assert.doesNotMatch(answer.body, new RegExp(`${SECRET}|at \\w+ \\(|node_modules`));
      const expected = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers };
      for (const [header, value] of Object.entries(expected)) assert.equal(answer.headers[header], value, header);
      assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    });
  }
});

describe('a body keeps its schema under', () => {
  const types = [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;',
    'application/json\t;a',
    'application/json ;charset=utf-8',
    'application/json,application/json',
    'application/vnd.api+json',
    'application/json\u00a0',
    ';',
    '',
  ];
  for (const type of types) {
    test(JSON.stringify(type), async () => {
      const { app } = await testApp();
      const { statusCode } = await app.inject(post({ name: 'ab', role: 'administrator' }, { 'content-type': type }));
      assert.ok(statusCode === 400 || statusCode === 415, `got ${statusCode}`);
    });
  }
});

describe('a route of data stays closed under', () => {
  const paths = [
    '/api/metrics',
    '/api/metrics/',
    '//api/metrics',
    '/api//metrics',
    '/./api/metrics',
    '/api/./metrics',
    '/api/x/../metrics',
    '/api/%2e/metrics',
    '/api/%2e%2e/api/metrics',
    '/%61pi/metrics',
    '/api/metric%73',
    '/api%2fmetrics',
    '/API/metrics',
    '/api/metrics;x',
    '/api/metrics%3fx',
    '/api/metrics?access=public',
    '/api/metrics%09',
    '/api/metrics%00',
    'https://fleet.example/api/metrics',
  ];
  for (const path of paths) {
    test(path, async () => {
      const { app } = await testApp();
      const { statusCode, body } = await rawRequest(app, path);
      assert.ok([400, 401, 404].includes(statusCode), `got ${statusCode}`);
      assert.deepEqual(Object.keys(JSON.parse(body)), ['error']);
    });
  }

  /** Over a real socket, since clients tidy paths up. */
  async function rawRequest(app: Awaited<ReturnType<typeof testApp>>['app'], path: string) {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1');
    socket.end(`GET ${path} HTTP/1.1\r\nHost: fleet.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    await app.close();
    const [head = '', body = ''] = text.split('\r\n\r\n', 2);
    return { statusCode: Number(head.split(' ', 2)[1]), body };
  }
});

describe('access', () => {
  const cases: { name: string; request: InjectOptions; status: number }[] = [
    { name: 'a viewer reads', request: { url: '/api/machines', headers: as('viewer') }, status: 200 },
    { name: 'an administrator reads', request: { url: '/api/machines', headers: as('administrator') }, status: 200 },
    {
      name: 'an administrator does what is theirs',
      request: { method: 'POST', url: '/api/keys', headers: as('administrator') },
      status: 200,
    },
    { name: 'HEAD is closed like GET', request: { method: 'HEAD', url: '/api/machines' }, status: 401 },
    { name: 'a bad body without a session is not even read', request: post('{', { cookie: '' }), status: 401 },
  ];
  for (const { name, request, status } of cases) {
    test(name, async () => assert.equal((await (await testApp()).app.inject(request)).statusCode, status));
  }

  test('a cookie of no session is taken back', async () => {
    const { app } = await testApp();
    const answer = await app.inject({ url: '/api/machines', headers: as('garbage') });
    assert.equal(answer.statusCode, 401);
    assert.match(String(answer.headers['set-cookie']), /^__Host-bulwark=; Max-Age=0; Path=\/; .*HttpOnly; Secure/);
  });

  test('an answer holds what its schema lists and nothing else', async () => {
    const { app } = await testApp();
    const answer = await app.inject({ url: '/api/machines', headers: as('viewer') });
    assert.deepEqual(answer.json(), { name: 'viewer' });
  });

  const config = { access: 'public', limit } as const;
  const incomplete: { name: string; options: RouteShorthandOptions }[] = [
    { name: 'config.access', options: { config: { limit }, schema: { response: {} } } },
    { name: 'config.limit', options: { config: { access: 'public' }, schema: { response: {} } } },
    { name: 'schema.response', options: { config, schema: {} } },
    { name: 'config.access, config.limit, schema.response', options: {} },
  ];
  for (const { name, options } of incomplete) {
    test(`an app with a route without ${name} does not start`, async () => {
      const { app } = await testApp();
      assert.throws(() => app.get('/api/forgotten', options, async () => ''), new RegExp(`lacks ${name}`));
    });
  }
});

describe('the log', () => {
  test('has one line a request, without its query, cookies, headers or body', async () => {
    const { app, lines } = await testApp();
    await app.inject({ ...post({ name: SECRET }), url: `/api/machines?search=${SECRET}` });
    assert.equal(lines.length, 1);
    const { event, method, path, status, address, reqId } = JSON.parse(lines[0] ?? '');
    assert.deepEqual(
      { event, method, path, status, address },
      { event: 'request', method: 'POST', path: '/api/machines', status: 200, address: '127.0.0.1' },
    );
    assert.equal(typeof reqId, 'string');
    assert.doesNotMatch(lines.join(), new RegExp(`${SECRET}|__Host|csrf`));
  });

  test('keeps a broken body out', async () => {
    const { app, lines } = await testApp();
    await app.inject(post(`{"name": ${SECRET}`));
    assert.doesNotMatch(lines.join(), new RegExp(SECRET));
  });

  test('has the detail of a fault, under the id that the client was given', async () => {
    const { app, lines } = await testApp();
    const { headers, body } = await app.inject({
      url: '/api/broken',
      headers: { 'x-request-id': 'mine', 'request-id': 'mine' },
    });
    const id = String(headers['x-request-id']);
    assert.ok(body.includes(id));
    const failure = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'request.failed');
    assert.equal(failure.reqId, id);
    assert.match(failure.err.stack, /cannot read/);
  });
});
