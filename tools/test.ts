import { inspect, parseArgs } from 'node:util';
import { SHARED_POSTGRES, startPostgres } from '../testing/postgres.ts';
import { check } from './check.ts';
import { ROOT, runCommand } from './run-command.ts';
import { describeMissing, meetNeeds, NEEDS } from './test/needs.ts';
import { type FileResult, runFile } from './test/run-file.ts';
import { findTestFiles, kindOf, type TestKind } from './test/test-files.ts';

const HELP = `Usage: npm test -- [options]

Runs everything: what tests need, the console's build, npm run check, every test file.
The last line is "N passed, N failed". Skipped and todo tests count as failed.

  --unit           only the fast test files: no build, no checks, no browser, nothing slow
  --only PATTERN   only test files whose path matches this regular expression; no checks
  --json           before the last line, one line of JSON: passed, failed, seconds, failures
  --help           this text
`;

const CONCURRENCY = 2;
const TIMEOUT_MS: Record<TestKind, number> = { unit: 5 * 60_000, browser: 5 * 60_000, slow: 15 * 60_000 };
const BUILD_TIMEOUT_MS = 120_000;

interface Tally {
  passed: number;
  failures: { name: string; detail: string }[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      unit: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);

  const startedAt = performance.now();
  const tally: Tally = { passed: 0, failures: [] };
  try {
    await runAll(tally, values.unit, values.only);
  } catch (error) {
    tally.failures.push({ name: 'test run', detail: inspect(error) });
  }

  for (const { name, detail } of tally.failures) console.log(`\n✖ ${name}\n${detail}`);
  const { passed, failures } = tally;
  const failed = failures.length;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  console.log(`\n${seconds} s`);
  if (values.json) console.log(JSON.stringify({ passed, failed, seconds, failures }));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runAll(tally: Tally, isUnit: boolean, only: string | undefined): Promise<void> {
  const pattern = new RegExp(only ?? '');
  const files = (await findTestFiles(ROOT)).filter(
    (file) => pattern.test(file) && (!isUnit || kindOf(file) === 'unit'),
  );
  const missing = await meetNeeds(NEEDS);
  if (missing.length > 0) {
    const detail = describeMissing(missing);
    tally.failures.push(...missing.map(({ name }) => ({ name, detail })));
    return;
  }

  const isEverything = !isUnit && only === undefined;
  if (isEverything || files.some((file) => kindOf(file) === 'browser')) await build(tally);
  if (isEverything) {
    for (const { name, ok } of await check()) {
      if (ok) tally.passed++;
      else tally.failures.push({ name: `check: ${name}`, detail: 'see above' });
    }
  }
  await testFiles(tally, files);
}

async function build(tally: Tally): Promise<void> {
  const { ok, output, seconds } = await runCommand(['npm', 'run', 'build'], BUILD_TIMEOUT_MS);
  console.log(`${ok ? 'ok  ' : 'FAIL'} build            ${seconds.toFixed(1)} s`);
  if (ok) tally.passed++;
  else tally.failures.push({ name: 'npm run build', detail: output });
}

async function testFiles(tally: Tally, files: readonly string[]): Promise<void> {
  if (files.length === 0) throw new Error('no test file matches');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const postgres = await startPostgres();
  try {
    const env = { ...process.env, [SHARED_POSTGRES]: postgres.adminUrl };
    const queue = files.values();
    // Every worker takes its next file from the same iterator.
    const work = async () => {
      for (const file of queue) {
        if (stop.signal.aborted) return;
        const timeoutMs = TIMEOUT_MS[kindOf(file)];
        const result = await runFile(file, { cwd: ROOT, env, timeoutMs, signal: stop.signal });
        print(result);
        tally.passed += result.passed;
        for (const { name, detail } of result.failures) {
          tally.failures.push({ name: name === file ? file : `${file} › ${name}`, detail });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  } finally {
    await postgres.stop();
  }
  if (stop.signal.aborted) tally.failures.push({ name: 'test run', detail: 'interrupted' });
}

function print({ file, passed, failures, seconds }: FileResult): void {
  const state = failures.length === 0 ? 'ok  ' : 'FAIL';
  const counts = failures.length === 0 ? `${passed}` : `${passed} passed, ${failures.length} failed`;
  console.log(`${state} ${file} (${counts}, ${seconds.toFixed(1)} s)`);
}

await main();
