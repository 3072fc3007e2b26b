import { CommanderError } from 'commander';
import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command line. Never throws: what went wrong is one clear line on standard error (or an `error` event with
 * --json) and the outcome.
 */
export async function runCli(args: readonly string[], process: Omit<Context, 'output'>): Promise<Outcome> {
  // Read before parsing, so that wrong usage is answered in the wanted form too.
  const output = createOutput(process.stdout, process.stderr, args.includes('--json'));
  let outcome: Outcome = 'ok';
  const finish = (result: Outcome) => {
    outcome = result;
  };
  const program = createProgram({ ...process, output }, finish, (text) => process.stdout.write(text));
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 'ok'; // --help, --version
    const { outcome: failure, lines, fields } = explainError(error);
    const message = lines.join('\n');
    output.complain({ event: 'error', outcome: failure, message, ...fields }, message);
    if (args.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return failure;
  }
}
