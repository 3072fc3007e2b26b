import { randomUUID } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSigningKeyPair, sign, verify } from '@bulwark/crypto';
import { checkDataDirectory } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import type { Outcome } from '../../exit-codes.ts';
import { writeNewFile } from '../../new-file.ts';
import { keyFileText, readPrivateKeyFile } from '../../recipients/identity-file.ts';
import { encodePublicKey, readPublicKey } from '../../recipients/public-key.ts';
import { keyDirOf } from './key-store.ts';

/** Options that say where the key is that receipts are signed with. */
export interface ReceiptKeyOptions {
  readonly keyDir?: string;
  readonly receiptKeyFile?: string;
}

/** Ed25519: what signs receipts of destruction, and what they are verified with. */
export interface ReceiptKey {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** As text, for others to have. */
  readonly publicKey: string;
}

const KIND = 'ed25519';
const PROBE = Buffer.from('bw1/receipt-key');

/** `bulwark keys receipt-key` */
export async function showReceiptKey(options: ReceiptKeyOptions, context: Context): Promise<Outcome> {
  const file = receiptKeyFile(options, context);
  const isNew = await makeReceiptKey(file, options, context);
  const { publicKey, privateKey } = await readReceiptKey(file);
  privateKey.fill(0);
  context.output.say({ event: 'receipt-key', file, publicKey, isNew }, publicKey);
  return 'ok';
}

/**
 * The key that receipts are signed with. The directory's own is made at its first use; one in a file that was named is
 * not, or a slip of the pen would sign with a key that nobody knows.
 *
 * @throws CliError usage; UnsafeFileError
 */
export async function openReceiptKey(options: ReceiptKeyOptions, context: Context): Promise<ReceiptKey> {
  const file = receiptKeyFile(options, context);
  if (options.receiptKeyFile === undefined) await makeReceiptKey(file, options, context);
  else if (!(await exists(file))) {
    const command = `bulwark keys receipt-key --receipt-key-file ${file}`;
    throw new CliError('usage', `there is no receipt key in ${file}; make one: ${command}`);
  }
  return readReceiptKey(file);
}

/** Where the key for receipts is. @throws CliError usage */
export function receiptKeyFile({ receiptKeyFile: file, keyDir }: ReceiptKeyOptions, context: Context): string {
  return file ?? join(keyDirOf(keyDir === undefined ? {} : { keyDir }, context), 'receipt.key');
}

async function readReceiptKey(file: string): Promise<ReceiptKey> {
  const { bytes: privateKey } = await readPrivateKeyFile(file, [KIND]);
  const publicKey = await readPublicKey(file, [KIND]);
  // The public half is a comment there: a signature that nobody can verify is found out now, and not when it is needed.
  if (!verify(publicKey.bytes, PROBE, sign(privateKey, PROBE))) {
    throw new CliError('usage', `the public key that ${file} tells is not that of its private key`);
  }
  return { privateKey, publicKey: encodePublicKey(publicKey) };
}

/** @returns Whether there was none. */
async function makeReceiptKey(file: string, options: ReceiptKeyOptions, context: Context): Promise<boolean> {
  if (await exists(file)) return false;
  if (options.receiptKeyFile === undefined) await checkDataDirectory(keyDirOf(options, context));
  const { publicKey, privateKey } = generateSigningKeyPair();
  const complete = `${file}.${randomUUID()}.new`;
  const text = keyFileText({ kind: KIND, bytes: publicKey }, { kind: KIND, bytes: privateKey }, new Date());
  privateKey.fill(0);
  await writeNewFile(complete, text);
  try {
    await link(complete, file); // whole from its first moment, for another command that comes first as well
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(complete, { force: true });
  }
}
