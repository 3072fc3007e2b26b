import assert from 'node:assert/strict';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from './find-binaries.ts';

/** What a page did that a finished page does not do. Each entry is one line, kind first. */
export interface PageWatch {
  readonly complaints: readonly string[];
  /**
   * @param except Complaints that the test itself causes, such as the 401 that leads to the sign-in page.
   * @throws AssertionError that lists the complaints.
   */
  assertQuiet(except?: readonly RegExp[]): void;
}

// Chromium's own traffic (updates, QUIC probes) would show up as failed requests where there is no network.
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the system's Chromium, headless, with an empty profile that is gone when the browser closes. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('Chromium is not installed (Debian: apt-get install chromium)');
  // Chromium's sandbox refuses to start as root.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: FLAGS, chromiumSandbox: !isRoot });
}

/**
 * Records console errors, uncaught errors, violations of the content security policy and failed requests of a page.
 * Call it before the first navigation.
 */
export async function watchPage(page: Page): Promise<PageWatch> {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'unknown';
    // A page that leaves ends its own event streams and fetches.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`request: ${request.method()} ${request.url()}: ${reason}`);
  });

  // Reports of policies in report-only mode and of other frames never reach the console, hence the event as well.
  await page.exposeFunction('bulwarkReportViolation', (violation: string) => complaints.push(`csp: ${violation}`));
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) => {
      const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event;
      bulwarkReportViolation([effectiveDirective, blockedURI, sourceFile, lineNumber, sample].join(' '));
    });`,
  });

  return {
    complaints,
    assertQuiet(except = []) {
      const left = complaints.filter((complaint) => !except.some((pattern) => pattern.test(complaint)));
      assert.deepEqual(left, [], `the page complained:\n${left.join('\n')}`);
    },
  };
}
