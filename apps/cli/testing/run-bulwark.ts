import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const BULWARK = fileURLToPath(new URL('../bin/bulwark.mjs', import.meta.url));

/** Longest wait for an event, on a machine that is busy with other tests. */
const EVENT_MS = 30_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came, for commands that write data there. */
  readonly stdoutBytes: Buffer;
}

export interface Started {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** The first JSON line on standard output with this event; fails when the process ends without it. */
  event(name: string): Promise<Record<string, unknown>>;
}

/**
 * Starts the real command in a process of its own, with no environment but PATH and what is given.
 *
 * @param input Standard input; `null` leaves it open, for the test to write to.
 * @param cwd The directory it is started in; the test's own by default.
 */
export function startBulwark(
  args: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array | null = '',
  cwd?: string,
): Started {
  const child = spawn(process.execPath, [BULWARK, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
    chunks.push(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.on('error', () => {}); // it ended before it read
  if (input !== null) child.stdin.end(input);
  const finished = once(child, 'close').then(
    ([code]): Finished => ({ code: code as number | null, ...output, stdoutBytes: Buffer.concat(chunks) }),
  );

  return {
    process: child,
    finished,
    async event(name) {
      const deadline = setTimeout(EVENT_MS, 'late', { ref: false });
      for (;;) {
        const found = jsonLines(output.stdout).find((line) => line.event === name);
        if (found !== undefined) return found;
        const next = await Promise.race([once(child.stdout, 'data'), finished.then(() => 'ended'), deadline]);
        if (typeof next === 'string') {
          child.kill('SIGKILL');
          throw new Error(`${next} without the event ${name}:\n${output.stdout}${output.stderr}`);
        }
      }
    },
  };
}

/** Runs the real command to its end. */
export function bulwark(
  args: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array = '',
): Promise<Finished> {
  return startBulwark(args, env, input).finished;
}

/** The complete lines of a --json output so far. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
