import { CommanderError } from 'commander';
import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';

interface Process extends Omit<Context, 'output'> {
  readonly stdout: { write(text: string): unknown };
}

/**
 * Runs one command line. Never asks a question, never throws: what went wrong is one clear line on standard error (or
 * an `error` event with --json) and the outcome.
 */
export async function runCli(args: readonly string[], { stdout, ...process }: Process): Promise<Outcome> {
  // Read before parsing, so that wrong usage is answered in the wanted form too.
  const output = createOutput(stdout, args.includes('--json'));
  let outcome: Outcome = 'ok';
  const finish = (result: Outcome) => {
    outcome = result;
  };
  const program = createProgram({ ...process, output }, finish, (text) => stdout.write(text));
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 'ok'; // --help, --version
    const { outcome: failure, lines, fields } = explainError(error);
    if (output.isJson) output.say({ event: 'error', outcome: failure, message: lines.join('\n'), ...fields });
    else for (const line of lines) process.stderr.write(`bulwark: ${line}\n`);
    if (args.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return failure;
  }
}
