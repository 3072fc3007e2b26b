import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Started, startBulwark } from '../../apps/cli/testing/run-bulwark.ts';
import { ADMINISTRATOR } from '../../apps/server/testing/https-caller.ts';
import { openBrowser, type PageWatch, watchPage } from '../browser.ts';
import { freePort } from '../free-port.ts';
import { saveScreenshot } from '../screenshots.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';

/** Chromium itself reports each answer of 401 as an error; the page's way to the sign-in form begins with one. */
const SIGNED_OUT = [/status of 401/];

/* A newcomer's way: one command, the printed link, and this machine is on the page. Nothing in it is simulated. */
describe('bulwark up, in a browser', () => {
  let directory: TempDir;
  let up: Started;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let watch: PageWatch;
  let url: string;
  let setupUrl: string;
  before(async () => {
    directory = await tempDir();
    const port = String(await freePort());
    up = startBulwark(['up', '--data-dir', join(directory.path, 'data'), '--port', port, '--json']);
    const started = await up.event('started');
    url = String(started.url);
    setupUrl = String(started.setupUrl);
    browser = await openBrowser();
    // The development authority is unknown to the browser; the certificate has tests of its own.
    context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    watch = await watchPage(page);
  });
  after(async () => {
    await browser.close();
    up.process.kill('SIGTERM');
    assert.equal((await up.finished).code, 0);
    await directory.remove();
  });

  async function assertAccessible(): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      [],
    );
  }

  test('the set-up link makes the first administrator', async () => {
    await page.goto(setupUrl);
    await page.getByLabel('User name').waitFor();
    assert.ok(!page.url().includes(setupUrl.split('#')[1] ?? '#'), 'the token stays in the address bar');
    await assertAccessible();
    await page.getByLabel('User name').fill(ADMINISTRATOR.username);
    await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  test('the fleet page shows this machine online within 15 s', async () => {
    const row = page.locator('tbody tr').first();
    await row.getByText('Online').waitFor({ timeout: 15_000 });
    await assertAccessible();
    await saveScreenshot(page, 'fleet-one');
  });

  test("the machine page's charts gain points by themselves", async () => {
    await page.locator('tbody a').first().click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('canvas').first().waitFor();
    const machineUrl = page.url();
    const machineId = new URL(machineUrl).pathname.split('/').at(-1);
    const sampled = await countPoints(machineId);
    await page.waitForTimeout(12_000);
    assert.ok((await countPoints(machineId)) > sampled, 'no further point in twelve seconds');
    await assertAccessible();
    await saveScreenshot(page, 'machine-one');
    watch.assertQuiet();
  });

  test('sign-out ends the session, here and for the old cookie', async () => {
    const old = await context.cookies();
    await page.getByRole('button', { name: `Menu of ${ADMINISTRATOR.username}` }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/sign-in/);
    await assertAccessible();
    await context.addCookies(old);
    const { status, body } = await fetchInPage('/api/machines');
    assert.equal(status, 401);
    assert.equal(JSON.parse(body).error.code, 'ERR_SESSION');
    watch.assertQuiet(SIGNED_OUT);
  });

  test('a wrong password is refused without saying what was wrong, the right one lets in', async () => {
    await page.goto(`${url}/sign-in`);
    await page.getByLabel('User name').fill(ADMINISTRATOR.username);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('User name or password is wrong').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('tbody a').first().waitFor();
  });

  test('the protection page shows the five layers', async () => {
    await page.goto(`${url}/protection`);
    for (const layer of ['Files', 'Transport', 'Payload', 'Database', 'Access']) {
      await page.getByText(layer, { exact: true }).first().waitFor();
    }
    await assertAccessible();
    watch.assertQuiet(SIGNED_OUT);
  });

  /** Points of the CPU chart that the server has: what the page asks for. */
  async function countPoints(machineId: string | undefined): Promise<number> {
    const now = Date.now();
    const query = `metrics=cpu.total&from=${now - 900_000}&to=${now}`;
    const { body } = await fetchInPage(`/api/machines/${machineId}/metrics?${query}`);
    const [cpu] = JSON.parse(body).series as { values: (number | null)[] }[];
    return cpu?.values.filter((value) => value !== null).length ?? 0;
  }

  function fetchInPage(path: string): Promise<{ status: number; body: string }> {
    return page.evaluate(async (at) => {
      const answer = await fetch(at);
      return { status: answer.status, body: await answer.text() };
    }, path);
  }
});
