import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type DestructionReceipt, verifyReceipt } from '@bulwark/keyring';
import { systemReason } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import type { Outcome } from '../../exit-codes.ts';
import { encodePublicKey, readPublicKey } from '../../recipients/public-key.ts';
import { moment, nameOf } from './key-text.ts';
import { type ReceiptKeyOptions, receiptKeyFile } from './receipt-key.ts';

interface Options extends ReceiptKeyOptions {
  readonly publicKey?: string;
}

/** `bulwark keys verify-receipt FILE` */
export async function verifyReceipts(options: Options, context: Context, file: string): Promise<Outcome> {
  const { output } = context;
  const publicKey = await readPublicKey(options.publicKey ?? receiptKeyFile(options, context), ['ed25519']);
  const signedBy = encodePublicKey(publicKey);
  const what = file === '-' ? 'standard input' : file;
  const receipts = receiptsOf(file === '-' ? await text(context.stdin) : await read(file), what);
  let outcome: Outcome = 'ok';
  for (const receipt of receipts) {
    const name = `version ${receipt.version} of ${nameOf(receipt)}`;
    if (verifyReceipt(receipt, publicKey.bytes)) {
      const facts = `${name}, destroyed ${moment(receipt.destroyedAt)}: ${receipt.reason}`;
      output.say({ event: 'receipt-verified', receipt, publicKey: signedBy }, `Genuine  ${facts}`);
    } else {
      const why = receipt.signature === null ? 'it is not signed' : 'it was changed, or another key signed it';
      const message = `the receipt for ${name} is not proven: ${why}`;
      output.complain({ event: 'receipt-failed', receipt, publicKey: signedBy, message }, message);
      outcome = 'failed';
    }
  }
  return outcome;
}

/**
 * The receipts of a file: one as JSON, or in lines, as `keys destroy` writes them, with or without `--json`.
 *
 * @throws CliError failed where there is none, or something else
 */
function receiptsOf(content: string, what: string): DestructionReceipt[] {
  const values = parse(content) ?? content.split('\n').flatMap((line) => (line.trim() === '' ? [] : parse(line)));
  const receipts = values.map((value) => {
    const candidate = isObject(value) && isObject(value.receipt) ? value.receipt : value;
    if (!isReceipt(candidate)) throw new CliError('failed', `${what} has something in it that is not a receipt`);
    return candidate;
  });
  if (receipts.length === 0) throw new CliError('failed', `${what} has no receipt in it`);
  return receipts;
}

function parse(json: string): [unknown] | undefined {
  try {
    return [JSON.parse(json)];
  } catch {
    return undefined;
  }
}

function isReceipt(value: unknown): value is DestructionReceipt {
  if (!isObject(value)) return false;
  const { scope, name, version, kid, destroyedAt, reason, wasForced, wrappedBy, signature } = value;
  return (
    [scope, name, kid, reason].every((each) => typeof each === 'string') &&
    Number.isSafeInteger(version) &&
    Number.isSafeInteger(destroyedAt) &&
    !Number.isNaN(new Date(destroyedAt as number).getTime()) &&
    typeof wasForced === 'boolean' &&
    Array.isArray(wrappedBy) &&
    (signature === null || typeof signature === 'string')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('failed', `${file} ${systemReason(cause)}`, { cause });
  });
}
