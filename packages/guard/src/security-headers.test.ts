import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fastify, { type FastifyPluginAsync } from 'fastify';
import { headersOf, securityHeaders } from './security-headers.ts';

const STRICT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";
const COMMON = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'x-xss-protection': '0',
  'referrer-policy': 'no-referrer',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

async function appWithPresets() {
  const app = fastify();
  await app.register(securityHeaders, { preset: 'api' });
  app.get('/data', async (_request, reply) => reply.headers({ server: 'nginx', 'x-powered-by': 'us' }).send({}));
  app.get('/broken', async () => {
    throw new Error('broken');
  });
  await app.register(pages);
  return app;
}

const pages: FastifyPluginAsync = async (app) => {
  await app.register(securityHeaders, { preset: 'strict' });
  app.get('/page', async (_request, reply) => reply.type('text/html').send('<!doctype html>'));
};

describe('securityHeaders', () => {
  const answers: { name: string; url: string; expected: Record<string, string | undefined> }[] = [
    {
      name: 'the api preset keeps data out of frames and caches',
      url: '/data',
      expected: {
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
      },
    },
    { name: 'an error has them too', url: '/broken', expected: { 'cache-control': 'no-store' } },
    { name: 'so has a path without a route', url: '/nowhere', expected: { 'cache-control': 'no-store' } },
    {
      name: 'the strict preset of an inner scope takes over',
      url: '/page',
      expected: { 'content-security-policy': STRICT_POLICY, 'cache-control': undefined },
    },
    {
      name: 'the server does not say what it is',
      url: '/data',
      expected: { server: undefined, 'x-powered-by': undefined },
    },
  ];
  for (const { name, url, expected } of answers) {
    test(name, async () => {
      const { headers } = await (await appWithPresets()).inject(url);
      for (const [header, value] of Object.entries({ ...COMMON, ...expected }))
        assert.equal(headers[header], value, header);
      assert.match(String(headers['permissions-policy']), /camera=\(\), .*geolocation=\(\), .*usb=\(\)/);
    });
  }

  test('headersOf gives the same for answers without a route', () => {
    assert.equal(headersOf('api')['cache-control'], 'no-store');
    assert.ok(!('cache-control' in headersOf('strict')));
  });
});
