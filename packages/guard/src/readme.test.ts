import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import * as guard from './index.ts';

/** Runs the README's examples, one after the other, as they stand but for their imports. */
async function runExamples(): Promise<FastifyInstance> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const body = examples
    .join('')
    .replace(/^import .*$/gm, '')
    .replace('<FastifyRequest, string>', '');
  const run = new Function(
    'fastify',
    'guard',
    `
    const { csrf, rateLimit, securityHeaders } = guard;
    return (async () => { ${body}; return app; })();
  `,
  );
  return run(fastify, guard);
}

test("the README's examples do what they say", async () => {
  const app = await runExamples();
  const signIn = (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/session', headers });
  const own = { origin: 'https://fleet.example' };
  assert.equal((await signIn({ origin: 'https://evil.example' })).json().code, 'ERR_ORIGIN');
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) statuses.push((await signIn(own)).statusCode);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  assert.match(String((await app.inject('/')).headers['content-security-policy']), /script-src 'self'/);
});
