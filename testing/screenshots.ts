import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';

/**
 * Saves what a page looks like to the directory that BULWARK_SCREENSHOTS names; without it nothing is saved. The README's
 * pictures are made with BULWARK_SCREENSHOTS=docs/screenshots.
 */
export async function saveScreenshot(page: Page, name: string): Promise<void> {
  const directory = process.env.BULWARK_SCREENSHOTS;
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true });
  await page.screenshot({ path: path.join(directory, `${name}.png`) });
}
