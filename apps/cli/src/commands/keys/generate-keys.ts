import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';

/** `bulwark keys generate` */
export async function generateKeys(_options: unknown, { output }: Context): Promise<Outcome> {
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
