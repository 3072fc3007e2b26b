import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, watchPage } from './browser.ts';

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";

describe('watchPage', () => {
  const server = createServer((request, response) => {
    if (request.url === '/favicon.ico') return void response.writeHead(204).end();
    if (request.url === '/throws.js') return void response.end('throw new Error("deliberate")');
    if (request.url === '/drops') return void response.destroy();
    const body = decodeURIComponent(request.url?.slice(1) ?? '');
    response
      .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY })
      .end(`<!doctype html>${body}`);
  });
  let browser: Browser;
  let origin: string;
  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  async function complaintsOf(body: string): Promise<readonly string[]> {
    const page = await browser.newPage();
    const watch = await watchPage(page);
    await page.goto(`${origin}/${encodeURIComponent(body)}`, { waitUntil: 'networkidle' });
    await page.close();
    if (watch.complaints.length > 0) assert.throws(() => watch.assertQuiet(), { name: 'AssertionError' });
    watch.assertQuiet(watch.complaints.length > 0 ? [/./] : []);
    return watch.complaints;
  }

  test('keeps quiet about a page in order', async () => assert.deepEqual(await complaintsOf('<p>fine</p>'), []));

  const cases = [
    { name: 'an inline style', body: '<style>p { color: red }</style>', complaint: /^csp: style-src-elem inline/ },
    { name: 'an inline script', body: '<script>1</script>', complaint: /^csp: script-src-elem inline/ },
    {
      name: 'an uncaught error',
      body: '<script src="/throws.js"></script>',
      complaint: /^uncaught: Error: deliberate/,
    },
    { name: 'a failed request', body: '<script src="/drops"></script>', complaint: /^request: GET \S+\/drops: net::/ },
  ];
  for (const { name, body, complaint } of cases) {
    test(`reports ${name}`, async () => {
      const complaints = await complaintsOf(body);
      assert.ok(
        complaints.some((line) => complaint.test(line)),
        complaints.join('\n'),
      );
    });
  }
});
