import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';

/**
 * Asks for a secret on the terminal, without showing what is typed.
 *
 * @throws CliError interrupted (Ctrl-C), usage (the terminal's input ended)
 */
export async function askSecret(question: string, { stdin, stderr }: Context): Promise<string> {
  // Where readline would show what is typed. The terminal itself does not, as readline takes its keys one by one.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  stderr.write(`${question}: `);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  lines.once('SIGINT', () => reject(new CliError('interrupted', 'stopped')));
  lines.once('close', () => reject(new CliError('usage', 'nothing was entered')));
  try {
    return await promise;
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
