import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { pino } from 'pino';
import { type TempDir, tempDir } from '../../../../testing/temp-dir.ts';
import { createApp } from './create-app.ts';

const HTML = { accept: 'text/html,application/xhtml+xml' };
const dirs: TempDir[] = [];
after(() => Promise.all(dirs.map((dir) => dir.remove())));

async function appWithConsole({ isBuilt = true } = {}) {
  const dir = await tempDir();
  dirs.push(dir);
  const consoleDir = path.join(dir.path, 'dist');
  await writeFile(path.join(dir.path, 'secret.txt'), 'secret');
  if (isBuilt) {
    await mkdir(path.join(consoleDir, 'assets'), { recursive: true });
    await writeFile(path.join(consoleDir, 'index.html'), '<!doctype html><title>Bulwark</title>');
    await writeFile(path.join(consoleDir, 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(path.join(consoleDir, 'assets', 'index-BHm2.js'), 'export {};');
    await symlink(path.join(dir.path, 'secret.txt'), path.join(consoleDir, 'link.txt'));
  }
  return createApp({
    log: pino({ level: 'silent' }),
    publicOrigins: ['https://fleet.example'],
    sessions: { find: async () => undefined },
    consoleDir,
  });
}

describe('the console', () => {
  const served: { name: string; url: string; type: RegExp; cache: string; accept?: string }[] = [
    { name: 'its page', url: '/', type: /^text\/html/, cache: 'no-cache' },
    { name: 'its page by name', url: '/index.html', type: /^text\/html/, cache: 'no-cache' },
    { name: 'its page at an address of its own', url: '/machines/7?range=1h', type: /^text\/html/, cache: 'no-cache' },
    {
      name: 'an asset, for good',
      url: '/assets/index-BHm2.js',
      type: /^(?:text|application)\/javascript/,
      cache: 'public, max-age=31536000, immutable',
      accept: '*/*',
    },
    {
      name: 'another file, asked again each time',
      url: '/mark.svg',
      type: /^image\/svg/,
      cache: 'no-cache',
      accept: 'image/*',
    },
  ];
  for (const { name, url, type, cache, accept = HTML.accept } of served) {
    test(`serves ${name}`, async () => {
      const answer = await (await appWithConsole()).inject({ url, headers: { accept } });
      assert.equal(answer.statusCode, 200);
      assert.match(String(answer.headers['content-type']), type);
      assert.equal(answer.headers['cache-control'], cache);
      assert.match(String(answer.headers['content-security-policy']), /^default-src 'none'; script-src 'self';/);
      assert.equal(answer.headers['cross-origin-embedder-policy'], 'require-corp');
    });
  }

  const missing: { name: string; url: string; accept?: string }[] = [
    { name: 'a path of the API', url: '/api/nothing' },
    { name: 'the API itself', url: '/api' },
    { name: 'a path of the agents', url: '/v1/nothing' },
    { name: 'an asset that is gone', url: '/assets/old.js' },
    { name: 'an address that no person opens', url: '/machines/7', accept: 'application/json' },
    { name: 'a file beside it', url: '/../secret.txt', accept: '*/*' },
    { name: 'a file beside it, escaped', url: '/%2e%2e/secret.txt', accept: '*/*' },
    { name: 'a file beside it, by backslash', url: '/..%5csecret.txt', accept: '*/*' },
    { name: 'a link out of it', url: '/link.txt', accept: '*/*' },
  ];
  for (const { name, url, accept = HTML.accept } of missing) {
    test(`does not answer ${name}`, async () => {
      const answer = await (await appWithConsole()).inject({ url, headers: { accept } });
      assert.equal(answer.statusCode, 404);
      assert.equal(answer.json().error.code, 'ERR_NOT_FOUND');
    });
  }

  test('says what to do when it is not built', async () => {
    const answer = await (await appWithConsole({ isBuilt: false })).inject({ url: '/', headers: HTML });
    assert.equal(answer.statusCode, 503);
    assert.match(answer.body, /npm run build/);
    assert.match(String(answer.headers['content-security-policy']), /script-src 'self'/);
  });

  test('is not changed by other methods', async () => {
    const answer = await (await appWithConsole()).inject({ method: 'POST', url: '/', headers: HTML });
    assert.equal(answer.statusCode, 404);
  });
});
