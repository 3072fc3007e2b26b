import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';

/** `bulwark keys compromise NAME VERSION` */
export async function compromiseKey(
  { confirm, ...options }: KeyStoreOptions & { readonly confirm?: string },
  context: Context,
  name: string,
  version: number,
): Promise<Outcome> {
  const { output } = context;
  // Before anything is opened or asked for.
  if (confirm !== name) {
    throw new CliError('usage', 'there is no way back from this; to confirm, name the key once more: --confirm NAME');
  }
  let newVersion: number | null = null;
  await using opened = await openKeyStore(options, context, {
    onEvent(event) {
      if (event.type === 'rotated') newVersion = event.version;
    },
  });
  const id = opened.id(name);
  await opened.keys.compromise(id, version);
  const why = 'it seals no more, and opens only where that is insisted on';
  output.say(
    { event: 'key-compromised', ...id, version },
    `Version ${version} of ${nameOf(id)} is compromised: ${why}.`,
  );
  if (newVersion !== null) {
    const text = `${nameOf(id)} seals with version ${newVersion} from now on.`;
    output.say({ event: 'key-rotated', ...id, version: newVersion }, text);
  }
  const { versions } = await opened.keys.describe(id);
  if (!versions.some(({ state }) => state === 'active')) {
    output.say({ event: 'key-idle', ...id }, `${nameOf(id)} seals nothing until it is rotated.`);
  }
  return 'ok';
}
