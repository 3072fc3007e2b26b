import { text } from 'node:stream/consumers';
import { readPrivateFile } from '@bulwark/private-files';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { askSecret } from './prompt.ts';

/** A passphrase, and where it may come from: the first of these that is there. Never from an argument. */
export interface PassphraseSource {
  /** Ends the question: `passphrase of the keys`. */
  readonly what: string;
  /** The option that names a file, and what it was given: a file of mode 0600, or `-` for standard input. */
  readonly flag: string;
  readonly file: string | undefined;
  /** The environment variable. */
  readonly variable: string;
}

/** Shorter ones are guessed. What was made elsewhere with a shorter one still opens. */
const MIN_NEW_CHARACTERS = 12;

/**
 * Reads a passphrase from a file, the environment or the terminal.
 *
 * @param options isNew: it will protect something from now on. It is asked for twice, and must not be short.
 * @throws CliError usage; UnsafeFileError where others may read the file
 */
export async function readPassphrase(
  source: PassphraseSource,
  context: Context,
  { isNew = false } = {},
): Promise<string> {
  const passphrase = (await given(source, context)) ?? (await asked(source, context, isNew));
  if (passphrase === '') throw new CliError('usage', `the ${source.what} is empty`);
  if (isNew && passphrase.length < MIN_NEW_CHARACTERS) {
    throw new CliError('usage', `the ${source.what} must have at least ${MIN_NEW_CHARACTERS} characters`);
  }
  return passphrase;
}

async function given({ file, variable }: PassphraseSource, { env, stdin }: Context): Promise<string | undefined> {
  if (file === undefined) return env[variable] || undefined;
  if (file === '-' && stdin.isTTY) return undefined; // asked for, so that it is not shown
  const content = file === '-' ? await text(stdin) : (await readPrivateFile(file)).toString('utf8');
  return content.replace(/\r?\n$/, '');
}

async function asked({ what, flag, variable }: PassphraseSource, context: Context, isNew: boolean): Promise<string> {
  if (!context.stdin.isTTY || context.output.isJson) {
    throw new CliError('usage', `the ${what} is needed: ${flag} FILE, ${variable}, or a terminal to ask on`);
  }
  const passphrase = await askSecret(`Enter the ${what}`, context);
  if (isNew && (await askSecret('Enter it once more', context)) !== passphrase) {
    throw new CliError('usage', 'the two are not the same');
  }
  return passphrase;
}
