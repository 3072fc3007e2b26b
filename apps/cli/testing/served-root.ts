import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVE_ROOT = fileURLToPath(new URL('../../../packages/keyring/testing/serve-root.ts', import.meta.url));

/** A root on this machine, and what a command needs to reach it. `await using` ends it. */
export interface ServedRoot extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  /** Names of two keys, for `--kms-key`. */
  readonly keys: readonly [string, string];
  readonly secrets: readonly string[];
}

/** Starts the endpoint that the keyring's own tests use, in a process of its own. @param kind As `--root` names it. */
export async function serveRoot(kind: string): Promise<ServedRoot> {
  const child = spawn(process.execPath, [SERVE_ROOT, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  if (typeof line !== 'string') throw new Error(`the root ${kind} did not start`);
  return {
    ...(JSON.parse(line) as Omit<ServedRoot, typeof Symbol.asyncDispose>),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
