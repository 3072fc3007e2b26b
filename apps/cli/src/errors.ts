import type { Outcome } from './exit-codes.ts';

/** A command cannot go on. The message is one line for people; the outcome decides the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}
