import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { exists } from './exists.ts';

const CONSOLE = join(import.meta.dirname, '..', '..', 'console');
const ROOT = join(CONSOLE, '..', '..');

/** Directory of the built web console, or undefined when it has not been built. */
export async function findConsole(): Promise<string | undefined> {
  const directory = join(CONSOLE, 'dist');
  return (await exists(join(directory, 'index.html'))) ? directory : undefined;
}

/**
 * The built web console; in a checkout it is built when it is not there.
 *
 * @param onBuild Called before a build, which takes some seconds.
 * @throws CliError with the end of the build's output.
 */
export async function ensureConsole(env: Context['env'], onBuild: () => void): Promise<string | undefined> {
  const found = await findConsole();
  if (found !== undefined || !(await exists(join(CONSOLE, 'vite.config.ts')))) return found;
  onBuild();
  await build(env);
  return findConsole();
}

function build(env: Context['env']): Promise<void> {
  // npm's scripts take `node` from the path, which may be an older one than runs us.
  const path = [dirname(process.execPath), env.PATH].filter(Boolean).join(delimiter);
  const child = spawn('npm', ['run', 'build', '-w', '@bulwark/console'], {
    cwd: ROOT,
    env: { ...env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const keep = (chunk: Buffer) => {
    said = (said + chunk).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new CliError('failed', `cannot build the console: ${error.message}`, { cause: error })),
    );
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new CliError('failed', `the console could not be built:\n${said.trim()}`)),
    );
  });
}
