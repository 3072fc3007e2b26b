import { findChromium, findPostgresBin, findPythonWithCryptography, findSoftHsm } from '../../testing/find-binaries.ts';
import { type Outcome, runCommand } from '../run-command.ts';

/** A program that tests start, the Debian package that brings it, and how to see whether it is here. */
export interface Need {
  name: string;
  debianPackage: string;
  find: () => string | undefined;
}

/** Everything the test run needs beside npm's packages. */
export const NEEDS: readonly Need[] = [
  { name: 'PostgreSQL server', debianPackage: 'postgresql', find: findPostgresBin },
  { name: 'Chromium', debianPackage: 'chromium', find: findChromium },
  { name: 'SoftHSM', debianPackage: 'softhsm2', find: findSoftHsm },
  { name: "Python's cryptography", debianPackage: 'python3-cryptography', find: findPythonWithCryptography },
];

type Run = (command: readonly [string, ...string[]]) => Promise<Outcome>;

const INSTALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Installs what is missing where it may, and returns what is missing after that.
 *
 * @param options `mayInstall`: this process is root. `run` is where commands go.
 */
export async function meetNeeds(
  needs: readonly Need[],
  { mayInstall = process.getuid?.() === 0, run = runApt }: { mayInstall?: boolean; run?: Run } = {},
): Promise<Need[]> {
  const missing = needs.filter(({ find }) => find() === undefined);
  if (missing.length === 0 || !mayInstall) return missing;

  const packages = missing.map(({ debianPackage }) => debianPackage);
  console.log(`installing ${packages.join(', ')}`);
  await run(['apt-get', 'update', '-q']);
  const install = ['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages] as const;
  let installed = await run(install);
  if (!installed.ok) installed = await run(install); // mirrors drop connections
  if (!installed.ok) console.log(installed.output);
  return missing.filter(({ find }) => find() === undefined);
}

/** What the person at the terminal has to do, on one line. */
export function describeMissing(missing: readonly Need[]): string {
  const names = missing.map(({ name }) => name).join(', ');
  const packages = missing.map(({ debianPackage }) => debianPackage).join(' ');
  return `missing: ${names}; install with: apt-get install --no-install-recommends ${packages}`;
}

function runApt(command: readonly [string, ...string[]]): Promise<Outcome> {
  return runCommand(['env', 'DEBIAN_FRONTEND=noninteractive', ...command], INSTALL_TIMEOUT_MS);
}
