#!/usr/bin/env node
// Runs the CLI on a Node that can (24.11 or newer). On an older one it uses the `node` package's binary if installed:
// Debian and others still come with Node 20. Plain JavaScript, since an old Node has to be able to read it.
import { spawn } from 'node:child_process';
import { accessSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = [24, 11];

if (isNewEnough(process.versions.node)) {
  await import('../src/main.ts');
} else {
  const node = installedNode();
  if (node === undefined) {
    console.error(
      `bulwark: needs Node ${NEEDED.join('.')} or newer, this is ${process.versions.node}; run: npm install node@24`,
    );
    process.exitCode = 1;
  } else {
    runOn(node);
  }
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** The binary of the `node` package from npm. */
function installedNode() {
  try {
    const directory = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    accessSync(binary);
    return binary;
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The same Ctrl-C may reach the child twice, from the terminal and from here; it takes that as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`bulwark: cannot run ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Ends the way the child did, so that a shell or supervisor sees the truth.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
