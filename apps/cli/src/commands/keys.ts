import type { Command } from 'commander';
import type { Action } from '../action.ts';
import type { Context } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';

/** `bulwark keys …` */
export function addKeysCommands(program: Command, action: Action): void {
  const keys = program.command('keys').description('keys of the configuration');
  keys
    .command('generate')
    .description('print three new keys, for the configuration file; nothing is stored')
    .action(action(generateKeys));
}

async function generateKeys(_options: unknown, { output }: Context): Promise<Outcome> {
  const { generateKeyText } = await import('@bulwark/server');
  const keys = {
    api_key: generateKeyText(),
    db_encryption_key: generateKeyText(),
    encryption_key: generateKeyText(),
  };
  const lines = Object.entries(keys).map(([name, key]) => `  ${name}: ${key}`);
  output.say({ event: 'keys', server: keys }, ['server:', ...lines].join('\n'));
  return 'ok';
}
