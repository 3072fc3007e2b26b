import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { openDatabase } from '../../apps/server/src/db/open.ts';
import { ADMINISTRATOR } from '../../apps/server/testing/https-caller.ts';
import { startTestServer, type TestServer } from '../../apps/server/testing/test-server.ts';
import { openBrowser, watchPage } from '../browser.ts';
import { saveScreenshot } from '../screenshots.ts';
import { speak } from '../send-frames.ts';
import { enrolFleet } from '../simulated-fleet.ts';

const CONSOLE_DIR = new URL('../../apps/console/dist', import.meta.url).pathname;
const STEP_MS = 10_000;
const VIEWS = [
  { width: 1440, height: 900, colorScheme: 'dark' },
  { width: 1440, height: 900, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
] as const;

/* Every page as people see it, with fleets of three sizes, wide and narrow, dark and light. */
for (const machines of [0, 3, 1000]) {
  describe(`a fleet of ${machines} machines`, () => {
    let server: TestServer;
    let browser: Browser;
    let timer: NodeJS.Timeout;
    before(async () => {
      server = await startTestServer(undefined, { 'server.interval': '10' }, CONSOLE_DIR);
      await server.signInAsAdministrator();
      const db = await openDatabase(server.config.database.url);
      const agents = await enrolFleet({ db, keys: server.config.server, machines, intervalSeconds: 10 });
      await db.destroy();
      await server.restart();
      const speaking = agents.map((agent, i) => speak(server.call, agent, i));
      // They have a past; a few are silent now, so that the table shows that too.
      await Promise.all(speaking.map((machine) => machine.sendHistory(machines === 3 ? 24 : 1, STEP_MS)));
      const report = () =>
        Promise.all(speaking.filter((_, i) => i % 23 !== 22).map((machine) => machine.sendReport(STEP_MS)));
      await report();
      timer = setInterval(() => report().catch(() => {}), STEP_MS);
      browser = await openBrowser();
    });
    after(async () => {
      clearInterval(timer);
      await browser.close();
      await server.stop();
    });

    async function check(page: Page, name: string): Promise<void> {
      await saveScreenshot(page, name);
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0]?.html}`),
        [],
      );
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
      assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the window`);
    }

    for (const { width, height, colorScheme } of VIEWS) {
      test(`at ${width} px, ${colorScheme}`, async () => {
        const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme });
        const page = await context.newPage();
        const watch = await watchPage(page);
        const view = `${machines}-${width}-${colorScheme}`;
        await page.goto(server.url);
        await page.getByLabel('User name').waitFor();
        await check(page, `sign-in-${view}`);
        await page.getByLabel('User name').fill(ADMINISTRATOR.username);
        await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
        if (machines === 0) {
          await page
            .getByText('bulwark agent enroll')
            .or(page.getByRole('button', { name: 'Add machine' }))
            .first()
            .waitFor();
          await check(page, `fleet-${view}`);
        } else {
          const first = page.getByRole('link', { name: /^(build|cache)-/ }).first();
          await first.waitFor();
          await page.getByText('Live', { exact: true }).first().waitFor();
          await check(page, `fleet-${view}`);
          await first.click();
          await page.locator('canvas').nth(2).waitFor();
          await page.waitForTimeout(500);
          await check(page, `machine-${view}`);
        }
        await page.goto(`${server.url}/protection`);
        await page.getByText('Payload', { exact: true }).first().waitFor();
        await check(page, `protection-${view}`);
        watch.assertQuiet([/status of 401/]);
        await context.close();
      });
    }
  });
}
