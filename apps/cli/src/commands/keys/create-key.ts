import type { FieldSuite } from '@bulwark/crypto';
import type { KeyKind } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { keyText } from './key-text.ts';

interface Options extends KeyStoreOptions {
  readonly kind: KeyKind;
  readonly suite?: FieldSuite;
  readonly rotateDays?: number;
  readonly rotateUses?: number;
  readonly expireDays?: number;
}

const DAY_MS = 86_400_000;
const ROTATION_DAYS = 'ENCRYPTION_ROTATION_INTERVAL_DAYS';

/** `bulwark keys create NAME` */
export async function createKey(options: Options, context: Context, name: string): Promise<Outcome> {
  const { kind, suite, rotateUses, expireDays } = options;
  // The setting is for data keys: others are not rotated without the application's help.
  const rotateDays = options.rotateDays ?? (kind === 'data' ? daysOf(context.env) : undefined);
  await using opened = await openKeyStore(options, context, { mayCreate: true });
  const key = await opened.keys.create(opened.id(name), {
    kind,
    ...(suite !== undefined && { suite }),
    policy: {
      ...(rotateDays !== undefined && { rotateAfterMs: rotateDays * DAY_MS }),
      ...(rotateUses !== undefined && { rotateAfterUses: rotateUses }),
      ...(expireDays !== undefined && { expireAfterMs: expireDays * DAY_MS }),
    },
  });
  context.output.say({ event: 'key-created', ...key }, keyText(key));
  return 'ok';
}

function daysOf(env: Context['env']): number | undefined {
  const text = env[ROTATION_DAYS]?.trim();
  if (!text) return undefined;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 3650) return value;
  throw new CliError('configuration', `${ROTATION_DAYS} must be a whole number of days from 1 to 3650`);
}
