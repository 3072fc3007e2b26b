import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { CANARY, CANARY_STATES, CANARY_VALUES } from '../../apps/server/testing/canary.ts';
import { ADMINISTRATOR } from '../../apps/server/testing/https-caller.ts';
import { enrolSimulatedAgent } from '../../apps/server/testing/simulated-agent.ts';
import { startTestServer, type TestServer } from '../../apps/server/testing/test-server.ts';
import { openBrowser } from '../browser.ts';

const CONSOLE_DIR = new URL('../../apps/console/dist', import.meta.url).pathname;

/* What is in no file of the server (features/metrics/at-rest.test.ts) is on the screen of who may see it. */
let server: TestServer;
let browser: Browser;
before(async () => {
  server = await startTestServer(undefined, {}, CONSOLE_DIR);
  await server.signInAsAdministrator();
  const token = await server.running.createEnrolmentToken();
  const agent = await enrolSimulatedAgent(server.call, token, CANARY.host);
  await agent.report(CANARY_VALUES, { states: CANARY_STATES });
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await server.stop();
});

test("a machine's sealed names are on the page of a signed-in user, and on none before", async () => {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(server.url);
  await page.getByLabel('User name').waitFor();
  const names = Object.values(CANARY);
  for (const name of names) assert.ok(!(await page.content()).includes(name));

  await page.getByLabel('User name').fill(ADMINISTRATOR.username);
  await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: CANARY.host }).click();
  await page.getByRole('heading', { level: 1, name: CANARY.host }).waitFor();
  for (const name of names) await page.getByText(name).first().waitFor();
});
