import { fileURLToPath } from 'node:url';
import { findCycles } from './imports/cycles.ts';
import { findMachinePaths } from './imports/machine-paths.ts';
import { checkArrows, checkEnvironment, checkSpecifiers, type Problem } from './imports/rules.ts';
import { readWorkspace } from './imports/workspace.ts';

/**
 * What each package may depend on. Arrows point down this list, and an arrow includes what lies below its target:
 * `fields → keyring → crypto` lets fields use crypto as well. Every arrow used is also declared in its package.json.
 */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '@bulwark/private-files': [],
  '@bulwark/crypto': [],
  '@bulwark/keyring': ['@bulwark/crypto', '@bulwark/private-files'],
  '@bulwark/fields': ['@bulwark/keyring'],
  '@bulwark/files': ['@bulwark/keyring'],
  '@bulwark/audit': ['@bulwark/crypto'],
  '@bulwark/guard': ['@bulwark/keyring', '@bulwark/audit'],
  '@bulwark/telemetry': ['@bulwark/crypto'],
  '@bulwark/protocol': [],
  '@bulwark/server': [
    '@bulwark/fields',
    '@bulwark/files',
    '@bulwark/guard',
    '@bulwark/telemetry',
    '@bulwark/protocol',
    '@bulwark/private-files',
  ],
  '@bulwark/agent': ['@bulwark/telemetry', '@bulwark/protocol', '@bulwark/private-files'],
  '@bulwark/console': ['@bulwark/protocol'],
  // The one app that may import apps: it starts them through their public entry.
  '@bulwark/cli': ['@bulwark/server', '@bulwark/agent'],
};

/** Checks the tree at `root` against the arrows and the import rules; an empty list means it is in order. */
export async function checkImports(root: string): Promise<Problem[]> {
  const workspace = await readWorkspace(root);
  return [
    ...checkArrows(workspace, ARROWS),
    ...checkSpecifiers(workspace),
    ...checkEnvironment(workspace),
    ...findCycles(workspace),
    ...(await findMachinePaths(root)),
  ];
}

if (import.meta.main) {
  const problems = await checkImports(fileURLToPath(new URL('..', import.meta.url)));
  for (const { file, message } of problems) console.error(`${file}: ${message}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
