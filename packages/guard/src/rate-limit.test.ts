import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fastify from 'fastify';
import { rateLimit } from './rate-limit.ts';

const limited = { config: { limit: { max: 3, windowSeconds: 60 } } };

async function limitedApp(trustProxy: string[] | false = false) {
  const app = fastify({ trustProxy });
  await app.register(rateLimit);
  app.get('/machines/:id', limited, async () => 'done');
  app.post('/machines/:id', limited, async () => 'done');
  app.get('/free', async () => 'done');
  return app;
}

type Requests = { url?: string; from?: string; forwardedFor?: string; method?: 'GET' | 'HEAD' | 'POST' }[];

async function statusesOf(app: Awaited<ReturnType<typeof limitedApp>>, requests: Requests): Promise<number[]> {
  const answers = requests.map(({ url = '/machines/1', from = '192.0.2.1', forwardedFor, method = 'GET' }) =>
    app.inject({ method, url, remoteAddress: from, headers: forwardedFor ? { 'x-forwarded-for': forwardedFor } : {} }),
  );
  return (await Promise.all(answers)).map(({ statusCode }) => statusCode);
}

describe('rateLimit counts as one client', () => {
  const cases: { name: string; requests: Requests; trustProxy?: string[] }[] = [
    { name: 'an address', requests: [{}, {}, {}, {}] },
    { name: 'a /24', requests: ['1', '2', '3', '4'].map((host) => ({ from: `192.0.2.${host}` })) },
    { name: 'a /64', requests: ['1', '2', 'a:b', 'ffff:0:1'].map((host) => ({ from: `2001:db8::${host}` })) },
    { name: 'IPv4, however written', requests: [{}, { from: '::ffff:192.0.2.1' }, {}, { from: '::ffff:192.0.2.9' }] },
    {
      name: 'a route, whatever its parameters',
      requests: ['1', '2', '3', '4'].map((id) => ({ url: `/machines/${id}` })),
    },
    {
      name: 'a route, whatever its spelling',
      requests: [{}, { url: '/machines/%31' }, { url: '/%6dachines/1' }, { url: '/machines/1?a=1' }],
    },
    { name: 'GET and HEAD', requests: [{}, { method: 'HEAD' }, {}, { method: 'HEAD' }] },
    {
      name: 'a peer that forges X-Forwarded-For',
      requests: ['1', '2', '3', '4'].map((host) => ({ forwardedFor: `198.51.${host}.1` })),
    },
    {
      name: 'a peer that forges it, though proxies elsewhere are trusted',
      trustProxy: ['10.0.0.0/8'],
      requests: ['1', '2', '3', '4'].map((host) => ({ forwardedFor: `198.51.${host}.1` })),
    },
    {
      name: 'a client that forges more of it in front of a trusted proxy',
      trustProxy: ['10.0.0.0/8'],
      requests: ['1', '2', '3', '4'].map((host) => ({
        from: '10.0.0.1',
        forwardedFor: `198.51.${host}.1, 203.0.113.5`,
      })),
    },
  ];
  for (const { name, requests, trustProxy = false } of cases) {
    test(name, async () => {
      const statuses = await statusesOf(await limitedApp(trustProxy), requests);
      assert.deepEqual(statuses, [200, 200, 200, 429]);
    });
  }
});

describe('rateLimit counts apart', () => {
  const cases: { name: string; requests: Requests; trustProxy?: string[] }[] = [
    { name: 'networks', requests: ['1', '2', '3', '4'].map((net) => ({ from: `192.0.${net}.1` })) },
    { name: 'routes', requests: [{}, {}, { method: 'POST' }, { method: 'POST' }] },
    { name: 'routes without a limit', requests: [{}, {}, {}, { url: '/free' }] },
    {
      name: 'clients behind a trusted proxy',
      trustProxy: ['10.0.0.0/8'],
      requests: ['1', '2', '3', '4'].map((net) => ({ from: '10.0.0.1', forwardedFor: `198.51.${net}.1` })),
    },
  ];
  for (const { name, requests, trustProxy = false } of cases) {
    test(name, async () => {
      assert.deepEqual(await statusesOf(await limitedApp(trustProxy), requests), [200, 200, 200, 200]);
    });
  }
});

describe('rateLimit', () => {
  test('stays exact under 50 requests at once', async () => {
    const statuses = await statusesOf(await limitedApp(), new Array(50).fill({}));
    assert.equal(statuses.filter((status) => status === 200).length, 3);
  });

  test('says how much is left, and when to come again', async () => {
    const app = await limitedApp();
    const first = await app.inject('/machines/1');
    assert.equal(first.headers['ratelimit-policy'], '"address";q=3;w=60');
    assert.equal(first.headers.ratelimit, '"address";r=2;t=60');
    assert.equal(first.headers['retry-after'], undefined);
    await statusesOf(app, [{ from: '127.0.0.1' }, { from: '127.0.0.1' }]);
    const refused = await app.inject('/machines/1');
    assert.equal(refused.json().code, 'ERR_RATE_LIMIT');
    assert.match(String(refused.headers.ratelimit), /^"address";r=0;t=(?:59|60)$/);
    assert.match(String(refused.headers['retry-after']), /^(?:59|60)$/);
  });

  test('opens a new window when the old one is over', async () => {
    const app = fastify();
    await app.register(rateLimit);
    app.get('/', { config: { limit: { max: 1, windowSeconds: 1 } } }, async () => 'done');
    const status = async () => (await app.inject('/')).statusCode;
    assert.deepEqual([await status(), await status()], [200, 429]);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    assert.equal(await status(), 200);
  });
});
