import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../testing/temp-dir.ts';
import type { ReportLine } from './reporter.ts';

/** A test, or a whole file, that failed, with all there is to say about it. */
export interface Failure {
  name: string;
  detail: string;
}

/** What one test file came to. */
export interface FileResult {
  file: string;
  passed: number;
  failures: Failure[];
  seconds: number;
}

/** Where and for how long a test file runs. */
export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Ends the file when the whole run is interrupted. */
  signal: AbortSignal;
}

const REPORTER = fileURLToPath(new URL('reporter.ts', import.meta.url));
const OUTPUT_SHOWN_BYTES = 20_000;
// A process that left the group may hold our ends of the pipes open for ever.
const PIPE_GRACE_MS = 1_000;

/**
 * Runs one test file in a process group of its own, and leaves nothing of the group behind.
 *
 * node:test's own runner waits for ever for a file that keeps a handle open, and takes a file that calls
 * `process.exit(0)` for one that passed; hence a process per file, with a report that has an end.
 */
export async function runFile(file: string, { cwd, env, timeoutMs, signal }: RunOptions): Promise<FileResult> {
  const startedAt = performance.now();
  await using dir = await tempDir();
  await chmod(dir.path, 0o711); // PostgreSQL, which never runs as root, has its data further down
  const reportFile = path.join(dir.path, 'report.jsonl');
  const args = [`--test-reporter=${REPORTER}`, `--test-reporter-destination=${reportFile}`, file];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, TMPDIR: dir.path }, // so that the temporary files of a killed test go as well
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(child, 'close');

  let stoppedFor: string | undefined;
  function stop(reason: string): void {
    stoppedFor = reason;
    killGroup(child.pid);
  }
  const onAbort = () => stop('stopped');
  const timer = setTimeout(() => stop(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
  signal.addEventListener('abort', onAbort);
  const [code, killedBy] = await once(child, 'exit');
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
  killGroup(child.pid); // whatever the tests started and forgot
  await Promise.race([closed, sleep(PIPE_GRACE_MS)]);

  const lines = await readReport(reportFile);
  const tests = lines.filter((line) => 'name' in line);
  const failures: Failure[] = tests.filter(({ ok }) => !ok);
  const passed = tests.length - failures.length;
  const reason = stoppedFor ?? (code === 0 ? undefined : `ended with ${killedBy ?? `exit code ${code}`}`);
  const isWhole = tests.length > 0 && tests.length < lines.length; // the last line of a whole report is its end line
  if (stoppedFor !== undefined || failures.length === 0) {
    if (reason !== undefined) failures.push({ name: file, detail: reason });
    else if (!isWhole) failures.push({ name: file, detail: 'declares no tests, or exited before they had ended' });
  }

  const output = Buffer.concat(chunks).subarray(-OUTPUT_SHOWN_BYTES).toString().trim();
  const last = failures.at(-1);
  if (last !== undefined && output !== '') last.detail += `\n\noutput of ${file}:\n${output}`;
  return { file, passed, failures, seconds: (performance.now() - startedAt) / 1000 };
}

async function readReport(file: string): Promise<ReportLine[]> {
  const text = await readFile(file, 'utf8').catch(() => ''); // a file that does not even parse has no report
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReportLine);
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of the group is left
  }
}
