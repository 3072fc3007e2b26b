import { readFile } from 'node:fs/promises';
import { systemReason } from '@bulwark/private-files';
import { CliError } from '../errors.ts';
import { type BoxKind, decodeKeyText, encodeKeyText } from './key-text.ts';

/** A public key that files and backups are sealed to. */
export interface PublicKey {
  readonly kind: BoxKind;
  /** 32 bytes, or 1216 of a hybrid one. */
  readonly bytes: Uint8Array;
}

/** As `bwpub1.x25519.…`, for others to have. */
export function encodePublicKey({ kind, bytes }: PublicKey): string {
  return encodeKeyText('bwpub1', kind, bytes);
}

/**
 * Reads a public key that is given as it is, or as the file that it is in: alone, or among the comments of the private
 * key.
 *
 * @throws CliError usage
 */
export async function readPublicKey(given: string): Promise<PublicKey> {
  if (given.startsWith('bwpub1.')) return parse(given, 'the recipient');
  const text = await readFile(given, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = `is no public key (bwpub1.…), and as a file it ${systemReason(cause)}`;
    throw new CliError('usage', `${given} ${reason}`, { cause });
  });
  const [found, another] = text.match(/\bbwpub1\.\S+/g) ?? [];
  if (found === undefined) throw new CliError('usage', `${given} holds no public key (bwpub1.…)`);
  if (another !== undefined) throw new CliError('usage', `${given} holds more than one public key`);
  return parse(found, given);
}

function parse(text: string, source: string): PublicKey {
  const key = decodeKeyText('bwpub1', text);
  if (key === undefined) throw new CliError('usage', `the public key of ${source} was mistyped or cut`);
  return key;
}
