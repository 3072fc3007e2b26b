import { type Outcome, runCommand } from './run-command.ts';

type Check = readonly [name: string, ...command: [string, ...string[]]];

const CHECKS: readonly Check[] = [
  ['format, lint', 'biome', 'ci', '--colors=off', '--error-on-warnings', '.'],
  ['types', 'tsc', '-p', '.'],
  ['types, console', 'tsc', '-p', 'apps/console'],
  ['imports', 'node', 'tools/check-imports.ts'],
  ['settings page', 'node', 'tools/write-config-docs.ts', '--check'],
];

const TIMEOUT_MS = 60_000;

/** Runs every check at once, printing a line as each ends and the output of those that failed. */
export async function check(): Promise<(Outcome & { name: string })[]> {
  return Promise.all(
    CHECKS.map(async ([name, ...command]) => {
      const outcome = await runCommand(command, TIMEOUT_MS);
      console.log(`${outcome.ok ? 'ok  ' : 'FAIL'} ${name.padEnd(16)} ${outcome.seconds.toFixed(1)} s`);
      if (!outcome.ok) console.log(outcome.output);
      return { name, ...outcome };
    }),
  );
}

if (import.meta.main) {
  const results = await check();
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
