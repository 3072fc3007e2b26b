import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { seedDemoFleet } from './demo-fleet.ts';
import { ROOT } from './run-command.ts';

/** A process of the development set-up; all of them run until Ctrl-C, or until the first one fails. */
interface Part {
  name: string;
  cwd: string;
  args: readonly string[];
}

// The console's vite.config.ts sends /api to this port.
const SERVER_PORT = 8768;
const CONSOLE_PORT = 8769;

const DATA_DIR = path.join(ROOT, 'data/dev');
await seedDemoFleet(DATA_DIR, SERVER_PORT);

const PARTS: readonly Part[] = [
  {
    name: 'server',
    cwd: ROOT,
    args: [
      '--watch',
      '--watch-preserve-output',
      'apps/cli/bin/bulwark.mjs',
      ...['up', '--data-dir', DATA_DIR, '--port', `${SERVER_PORT}`],
    ],
  },
  {
    name: 'console',
    cwd: path.join(ROOT, 'apps/console'),
    args: [
      path.join(ROOT, 'node_modules/vite/bin/vite.js'),
      ...['--port', `${CONSOLE_PORT}`, '--strictPort', '--clearScreen', 'false'],
    ],
  },
  { name: 'fleet', cwd: ROOT, args: ['tools/demo-fleet.ts', DATA_DIR, `${SERVER_PORT}`] },
];

console.log(`server   https://localhost:${SERVER_PORT}   restarts when its source changes`);
console.log(`console  http://localhost:${CONSOLE_PORT}    reloads when its source changes\n`);

let isStopping = false;
const running = PARTS.map(start);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop('SIGTERM');
    process.once(signal, () => stop('SIGKILL'));
  });
}
await Promise.race(running.map((child) => once(child, 'exit')));
stop('SIGTERM');

function start({ name, cwd, args }: Part): ChildProcess {
  // In a group of its own: Ctrl-C in a terminal reaches whole groups, and a part that got it twice would not end cleanly.
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(`${name.padEnd(8)} ${line}`));
  }
  child.once('exit', (code) => {
    if (!isStopping && code !== 0) process.exitCode = 1;
  });
  return child;
}

function stop(signal: 'SIGTERM' | 'SIGKILL'): void {
  isStopping = true;
  for (const child of running) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    if (signal === 'SIGKILL') process.kill(-child.pid, signal);
    else child.kill(signal);
  }
}
