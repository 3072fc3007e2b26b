import { rm } from 'node:fs/promises';
import type { DestructionReceipt } from '@bulwark/keyring';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { replaceFiles, writeNewFile } from '../../new-file.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStoreOptions } from './key-store-options.ts';
import { moment, nameOf } from './key-text.ts';
import { openReceiptKey, type ReceiptKeyOptions } from './receipt-key.ts';

interface Options extends KeyStoreOptions, ReceiptKeyOptions {
  readonly confirm?: string;
  readonly reason: string;
  readonly force?: boolean;
  readonly output?: string;
}

/** `bulwark keys destroy NAME [VERSION]` */
export async function destroyKey(
  { confirm, reason, force = false, output: file, ...options }: Options,
  context: Context,
  name: string,
  version?: number,
): Promise<Outcome> {
  const { output } = context;
  // Before anything is opened or asked for.
  if (confirm !== name) {
    throw new CliError('usage', 'what this key sealed is lost with it; to confirm, name it once more: --confirm NAME');
  }
  let publicKey = '';
  const receiptKey = async () => {
    const key = await openReceiptKey(options, context);
    publicKey = key.publicKey;
    return key.privateKey;
  };
  await using opened = await openKeyStore(options, context, { receiptKey });
  // That the receipts can be written is to be known before anything is destroyed.
  if (file !== undefined) await writeNewFile(file, '');
  let receipts: DestructionReceipt[] = [];
  try {
    receipts = await opened.keys.destroy(opened.id(name), version ?? 'all', { confirm, reason, force });
  } finally {
    if (file !== undefined && receipts.length === 0) await rm(file, { force: true });
  }
  // Said before they are written: whatever happens then, they are not lost.
  for (const receipt of receipts) {
    output.say({ event: 'key-destroyed', receipt, publicKey }, receiptText(receipt, publicKey));
  }
  if (receipts.length === 0) output.say({ event: 'key-destroyed' }, 'It was destroyed before.');
  else if (file !== undefined) {
    await replaceFiles([{ path: file, content: receipts.map((receipt) => `${JSON.stringify(receipt)}\n`).join('') }]);
  }
  return 'ok';
}

function receiptText(receipt: DestructionReceipt, publicKey: string): string {
  const { version, kid, destroyedAt, reason, wasForced, wrappedBy } = receipt;
  return [
    `Destroyed  version ${version} of ${nameOf(receipt)}`,
    `  kid         ${kid}`,
    `  at          ${moment(destroyedAt)}`,
    `  reason      ${reason}${wasForced ? ' (forced)' : ''}`,
    `  wrapped by  ${wrappedBy.join(', ')}`,
    `  signed by   ${publicKey}`,
    '  Copies of the key directory from before still hold it, wrapped. The receipt, to be kept:',
    JSON.stringify(receipt),
  ].join('\n');
}
