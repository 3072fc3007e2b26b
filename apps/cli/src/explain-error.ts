import { UnsafeFileError } from '@bulwark/private-files';
import { CommanderError } from 'commander';
import { CliError } from './errors.ts';
import type { Outcome } from './exit-codes.ts';

/** Codes of other packages' errors that mean more than that something failed. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  ERR_ARGUMENT: 'usage',
  ERR_AGENT_CONFIG: 'configuration',
  ERR_DECLARATION: 'configuration',
  ERR_JOB_RUNNING: 'busy',
  ERR_MIGRATION_STATE: 'configuration',
  ERR_ROOT_CONFIG: 'configuration',
  ERR_ROOT_KEY_ENCODING: 'configuration',
  ERR_ROOT_KEY_FORMAT: 'configuration',
  ERR_ROOT_KEY_MISSING: 'configuration',
  ERR_ROOT_KEY_WRONG: 'configuration',
  ERR_ROOT_MODULE: 'configuration',
  ERR_SCOPE_MISSING: 'configuration',
  ERR_VERIFY_FAILED: 'checksFailed',
};

/** An error, for people and for --json. */
export interface Explanation {
  readonly outcome: Outcome;
  readonly lines: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * What an error means for the exit code, and how it is said: one line a problem, no stack.
 * The server's errors are told by name, not by class: an agent should not load a server only to compare.
 */
export function explainError(error: unknown): Explanation {
  if (error instanceof CommanderError) {
    const isBareCall = error.code === 'commander.help';
    const message = isBareCall ? 'which command? See bulwark --help' : error.message.replace(/^error: /, '');
    return { outcome: 'usage', lines: [message.replaceAll('\n', ' ')], fields: {} };
  }
  if (error instanceof CliError) return { outcome: error.outcome, lines: [error.message], fields: {} };
  // What went wrong first; that something could not be closed after it is its consequence.
  if (error instanceof SuppressedError) return explainError(error.suppressed);
  if (!(error instanceof Error)) return { outcome: 'failed', lines: ['failed for an unknown reason'], fields: {} };
  if (error.name === 'ConfigError' && 'problems' in error) {
    const problems = error.problems as { setting: string; message: string }[];
    const lines = problems.map(({ setting, message }) => `${setting} ${message}`);
    return { outcome: 'configuration', lines, fields: { problems } };
  }
  if (error instanceof UnsafeFileError) {
    return { outcome: 'configuration', lines: [error.message], fields: { fix: error.fix } };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // A key store that does not answer: here it is a directory, and what is the matter with it can be said.
  if (code === 'ERR_KEY_UNAVAILABLE' && error.cause instanceof UnsafeFileError) return explainError(error.cause);
  const outcome = OUTCOMES[code ?? ''] ?? 'failed';
  return { outcome, lines: error.message.split('\n'), fields: code === undefined ? {} : { code } };
}
