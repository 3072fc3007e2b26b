import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';

/**
 * Asks for a secret on the terminal, without showing what is typed.
 *
 * @throws CliError interrupted (Ctrl-C, SIGTERM), usage (the terminal's input ended)
 */
export async function askSecret(question: string, { stdin, stderr, onStop }: Context): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = () => reject(new CliError('interrupted', 'stopped'));
  // A process that a signal ends leaves its shell a terminal that shows nothing of what is typed.
  const stopListening = onStop(stop);
  // Where readline would show what is typed. The terminal itself does not, as readline takes its keys one by one.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  lines.once('line', resolve);
  lines.once('SIGINT', stop); // Ctrl-C is a key here, and no signal
  lines.once('close', () => reject(new CliError('usage', 'nothing was entered')));
  stderr.write(`${question}: `);
  try {
    return await promise;
  } finally {
    lines.close();
    stopListening();
    stderr.write('\n');
  }
}
