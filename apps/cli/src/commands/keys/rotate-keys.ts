import type { Context } from '../../context.ts';
import type { Outcome } from '../../exit-codes.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { nameOf } from './key-text.ts';

/** `bulwark keys rotate NAME` */
export async function rotateKey(options: KeyStoreOptions, context: Context, name: string): Promise<Outcome> {
  await using opened = await openKeyStore(options, context);
  const id = opened.id(name);
  const version = await opened.keys.rotate(id);
  context.output.say(
    { event: 'key-rotated', ...id, version },
    `${nameOf(id)} seals with version ${version} from now on.`,
  );
  return 'ok';
}

/** `bulwark keys rotate-expired` */
export async function rotateExpiredKeys(options: KeyStoreOptions, context: Context): Promise<Outcome> {
  const { output } = context;
  await using opened = await openKeyStore(options, context);
  const { rotated, failed } = await opened.keys.rotateExpired(options.scope);
  for (const { reason, version, ...id } of rotated) {
    output.say(
      { event: 'key-rotated', ...id, version, reason },
      `${nameOf(id)} seals with version ${version} from now on: ${reason}.`,
    );
  }
  for (const { error, ...id } of failed) {
    const { code, message } = error as { code?: unknown; message?: string };
    output.complain({ event: 'key-failed', ...id, code, message }, `${nameOf(id)}: ${message}`);
  }
  const summary = `${rotated.length} rotated, ${failed.length} failed`;
  output.say({ event: 'summary', rotated: rotated.length, failed: failed.length }, summary);
  return failed.length > 0 ? 'failed' : 'ok';
}

/** `bulwark keys retire NAME [VERSION]` */
export async function retireKey(
  options: KeyStoreOptions,
  context: Context,
  name: string,
  version?: number,
): Promise<Outcome> {
  await using opened = await openKeyStore(options, context);
  const id = opened.id(name);
  const { versions } = await opened.keys.describe(id);
  const active = versions.filter(({ state }) => state === 'active').map((each) => each.version);
  for (const each of version === undefined ? active : [version]) {
    await opened.keys.deactivate(id, each);
    context.output.say(
      { event: 'key-retired', ...id, version: each },
      `Version ${each} of ${nameOf(id)} only opens from now on.`,
    );
  }
  if (active.every((each) => version === undefined || each === version)) {
    context.output.say({ event: 'key-idle', ...id }, `${nameOf(id)} seals nothing until it is rotated.`);
  }
  return 'ok';
}
