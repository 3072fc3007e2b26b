import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fastify from 'fastify';
import { csrf } from './csrf.ts';

const ORIGIN = 'https://fleet.example:8768';
const TOKEN = 'token-of-this-session';

/** A request with `x-signed-in` has a session whose token is TOKEN. */
async function guardedApp() {
  const app = fastify();
  await app.register(csrf, {
    origins: [ORIGIN],
    header: 'X-CSRF',
    expectedToken: (request) => (request.headers['x-signed-in'] ? TOKEN : undefined),
  });
  app.all('/', async () => 'done');
  return app;
}

const session = { 'x-signed-in': 'yes', cookie: 'session=1' };

describe('csrf lets through', () => {
  const cases: { name: string; method?: 'GET' | 'HEAD' | 'POST' | 'DELETE'; headers: Record<string, string> }[] = [
    { name: 'reading, from anywhere', method: 'GET', headers: { ...session, 'sec-fetch-site': 'cross-site' } },
    { name: 'HEAD, from anywhere', method: 'HEAD', headers: { ...session, origin: 'https://evil.example' } },
    { name: "the site's own page", headers: { 'sec-fetch-site': 'same-origin', origin: ORIGIN } },
    { name: 'what the user began', headers: { 'sec-fetch-site': 'none' } },
    { name: 'a browser that sends Origin alone', headers: { origin: ORIGIN, cookie: 'a=b' } },
    { name: 'a program without cookies', headers: {} },
    { name: 'a session with its token', headers: { ...session, origin: ORIGIN, 'x-csrf': TOKEN } },
    {
      name: 'a session with its token, deleting',
      method: 'DELETE',
      headers: { ...session, origin: ORIGIN, 'x-csrf': TOKEN },
    },
  ];
  for (const { name, method = 'POST', headers } of cases) {
    test(name, async () => {
      const answer = await (await guardedApp()).inject({ method, url: '/', headers });
      assert.equal(answer.statusCode, 200);
    });
  }
});

describe('csrf refuses', () => {
  const own = { ...session, origin: ORIGIN, 'sec-fetch-site': 'same-origin' };
  const good = { ...own, 'x-csrf': TOKEN };
  const cases: {
    name: string;
    code: string;
    headers: Record<string, string>;
    method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  }[] = [
    { name: 'another site', code: 'ERR_CROSS_SITE', headers: { ...good, 'sec-fetch-site': 'cross-site' } },
    { name: 'another site without a session', code: 'ERR_CROSS_SITE', headers: { 'sec-fetch-site': 'cross-site' } },
    { name: 'a subdomain', code: 'ERR_CROSS_SITE', headers: { ...good, 'sec-fetch-site': 'same-site' } },
    { name: 'a word that is no site', code: 'ERR_CROSS_SITE', headers: { ...good, 'sec-fetch-site': 'Same-Origin' } },
    { name: 'another origin', code: 'ERR_ORIGIN', headers: { ...good, origin: 'https://evil.example' } },
    { name: 'another port', code: 'ERR_ORIGIN', headers: { ...good, origin: 'https://fleet.example' } },
    { name: 'our origin without TLS', code: 'ERR_ORIGIN', headers: { ...good, origin: 'http://fleet.example:8768' } },
    {
      name: 'a name that starts like ours',
      code: 'ERR_ORIGIN',
      headers: { ...good, origin: `${ORIGIN}.evil.example` },
    },
    { name: 'a sandboxed page', code: 'ERR_ORIGIN', headers: { ...good, origin: 'null' } },
    {
      name: 'a forged Host beside a foreign Origin',
      code: 'ERR_ORIGIN',
      headers: { ...good, host: 'evil.example', origin: 'https://evil.example' },
    },
    { name: 'cookies from nowhere', code: 'ERR_ORIGIN', headers: { ...session, 'x-csrf': TOKEN } },
    { name: 'a session without its token', code: 'ERR_CSRF_TOKEN', headers: own },
    { name: 'a session with an empty token', code: 'ERR_CSRF_TOKEN', headers: { ...own, 'x-csrf': '' } },
    { name: 'a session with a token cut short', code: 'ERR_CSRF_TOKEN', headers: { ...own, 'x-csrf': TOKEN.slice(1) } },
    {
      name: 'a session with the token of another',
      code: 'ERR_CSRF_TOKEN',
      headers: { ...own, 'x-csrf': 'token-of-that-session' },
    },
    { name: 'a session without its token, putting', code: 'ERR_CSRF_TOKEN', method: 'PUT', headers: own },
    { name: 'a session without its token, patching', code: 'ERR_CSRF_TOKEN', method: 'PATCH', headers: own },
    { name: 'a session without its token, deleting', code: 'ERR_CSRF_TOKEN', method: 'DELETE', headers: own },
  ];
  for (const { name, code, headers, method = 'POST' } of cases) {
    test(name, async () => {
      const answer = await (await guardedApp()).inject({ method, url: '/', headers });
      assert.equal(answer.statusCode, 403);
      assert.equal(answer.json().code, code);
    });
  }
});
