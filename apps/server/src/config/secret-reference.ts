import { resolve } from 'node:path';
import { readPrivateFile, UnsafeFileError } from '@bulwark/private-files';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A secret, or why its reference does not lead to one. */
export type ResolvedSecret = { readonly text: string } | { readonly problem: string };

export function isReference(text: string): boolean {
  return text.startsWith('env:') || text.startsWith('file:');
}

/**
 * Follows `env:NAME` or `file:PATH`; any other text is the secret itself. A file must be private (0600), and one line
 * end after its content is not part of the secret.
 */
export async function resolveSecret(text: string, directory: string, env: Environment): Promise<ResolvedSecret> {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length);
    const value = env[name];
    return value === undefined || value === ''
      ? { problem: `refers to the environment variable ${name}, which is not set` }
      : { text: value };
  }
  if (text.startsWith('file:')) {
    const file = resolve(directory, text.slice('file:'.length));
    try {
      const content = (await readPrivateFile(file)).toString('utf8').replace(/\r?\n$/, '');
      return content === '' ? { problem: `refers to ${file}, which is empty` } : { text: content };
    } catch (error) {
      if (error instanceof UnsafeFileError)
        return { problem: `refers to a file that cannot be used: ${error.message}` };
      throw error;
    }
  }
  return { text };
}
