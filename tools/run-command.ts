import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout, absolute. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How a command ended. `output` is standard output and error in the order they came. */
export interface Outcome {
  ok: boolean;
  output: string;
  seconds: number;
}

/** Runs one command in the checkout's root, with its `node_modules/.bin` first on PATH. Never throws. */
export async function runCommand(command: readonly [string, ...string[]], timeoutMs: number): Promise<Outcome> {
  const startedAt = performance.now();
  const bin = path.join(ROOT, 'node_modules/.bin');
  const chunks: Buffer[] = [];
  const [file, ...args] = command;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(timeoutMs),
  });
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  let ok = false;
  try {
    const [code] = await once(child, 'close');
    ok = code === 0;
  } catch (error) {
    chunks.push(Buffer.from(`${file}: ${(error as Error).message}\n`)); // not found, or over its time
  }
  return { ok, output: Buffer.concat(chunks).toString(), seconds: (performance.now() - startedAt) / 1000 };
}
