import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BULWARK } from './run-bulwark.ts';

/** The command on a terminal of its own, made by util-linux' `script`. */
export interface OnTerminal {
  readonly process: ChildProcess;
  /** Waits until the terminal shows this, then types. */
  answer(question: string, typed: string): Promise<void>;
  /** What the terminal has shown so far. */
  shown(): string;
  /** Exit code, and all that the terminal has shown. */
  readonly finished: Promise<{ readonly code: number | null; readonly shown: string }>;
}

/**
 * Runs the real command on a terminal.
 *
 * @param args Without quotes or spaces in them.
 * @param around Makes a line for the shell of the command, which does something else there as well.
 */
export function onTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
  around = (command: string) => command,
): OnTerminal {
  const command = around([process.execPath, BULWARK, ...args].join(' '));
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += chunk;
  });
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, shown }));
  return {
    process: child,
    finished,
    shown: () => shown,
    async answer(question, typed) {
      while (!shown.includes(question)) {
        const next = await Promise.race([once(child.stdout, 'data'), finished.then(() => 'ended')]);
        if (next === 'ended') throw new Error(`ended without asking ${JSON.stringify(question)}:\n${shown}`);
      }
      child.stdin.write(typed);
    },
  };
}
