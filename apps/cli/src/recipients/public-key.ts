import { readFile } from 'node:fs/promises';
import { systemReason } from '@bulwark/private-files';
import { CliError } from '../errors.ts';
import { decodeKeyText, encodeKeyText, type PairKind } from './key-text.ts';

/** A public key that files and backups are sealed to, or receipts verified with. */
export interface PublicKey<Kind extends PairKind = PairKind> {
  readonly kind: Kind;
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
 * @param kinds That are of use here.
 * @throws CliError usage
 */
export async function readPublicKey<Kind extends PairKind>(
  given: string,
  kinds: readonly Kind[],
): Promise<PublicKey<Kind>> {
  if (given.startsWith('bwpub1.')) return parse(given, 'the public key', kinds);
  const text = await readFile(given, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = `is no public key (bwpub1.…), and as a file it ${systemReason(cause)}`;
    throw new CliError('usage', `${given} ${reason}`, { cause });
  });
  const [found, another] = text.match(/\bbwpub1\.\S+/g) ?? [];
  if (found === undefined) throw new CliError('usage', `${given} holds no public key (bwpub1.…)`);
  if (another !== undefined) throw new CliError('usage', `${given} holds more than one public key`);
  return parse(found, `the public key of ${given}`, kinds);
}

function parse<Kind extends PairKind>(text: string, what: string, kinds: readonly Kind[]): PublicKey<Kind> {
  const key = decodeKeyText('bwpub1', text);
  if (key === undefined) throw new CliError('usage', `${what} was mistyped or cut`);
  const kind = kinds.find((each) => each === key.kind);
  if (kind !== undefined) return { kind, bytes: key.bytes };
  throw new CliError('usage', `${what} is of the kind ${key.kind}; wanted is ${kinds.join(' or ')}`);
}
