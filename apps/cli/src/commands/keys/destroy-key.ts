import type { DestructionReceipt } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { moment, nameOf } from './key-text.ts';

interface Options extends KeyStoreOptions {
  readonly confirm?: string;
  readonly reason: string;
  readonly force?: boolean;
}

/** `bulwark keys destroy NAME [VERSION]` */
export async function destroyKey(
  { confirm, reason, force = false, ...options }: Options,
  context: Context,
  name: string,
  version?: number,
): Promise<Outcome> {
  // Before anything is opened or asked for.
  if (confirm !== name) {
    throw new CliError('usage', 'what this key sealed is lost with it; to confirm, name it once more: --confirm NAME');
  }
  await using opened = await openKeyStore(options, context);
  const receipts = await opened.keys.destroy(opened.id(name), version ?? 'all', { confirm, reason, force });
  for (const receipt of receipts) context.output.say({ event: 'key-destroyed', receipt }, receiptText(receipt));
  if (receipts.length === 0) context.output.say({ event: 'key-destroyed' }, 'It was destroyed before.');
  return 'ok';
}

function receiptText({ version, kid, destroyedAt, reason, wasForced, wrappedBy, ...id }: DestructionReceipt): string {
  return [
    `Destroyed  version ${version} of ${nameOf(id)}`,
    `  kid         ${kid}`,
    `  at          ${moment(destroyedAt)}`,
    `  reason      ${reason}${wasForced ? ' (forced)' : ''}`,
    `  wrapped by  ${wrappedBy.join(', ')}`,
    '  Copies of the key directory from before still hold it, wrapped.',
  ].join('\n');
}
