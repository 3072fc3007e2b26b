import { generateAgreementKeyPair, generateHybridKeyPair } from '@bulwark/crypto';
import { readPrivateFile } from '@bulwark/private-files';
import { CliError } from '../errors.ts';
import { writeNewFile } from '../new-file.ts';
import { type BoxKind, decodeKeyText, encodeKeyText, type PairKind } from './key-text.ts';
import { encodePublicKey, type PublicKey } from './public-key.ts';

/** A private key that files and backups were sealed to, or that receipts are signed with. */
export interface PrivateKey<Kind extends PairKind = PairKind> {
  readonly kind: Kind;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Makes a key pair and writes it to a new file of mode 0600, the public key as a comment.
 *
 * @returns The public key as text.
 * @throws CliError where there is such a file
 */
export async function createIdentityFile(path: string, kind: BoxKind, now: Date): Promise<string> {
  const { publicKey, privateKey } = kind === 'hybrid' ? generateHybridKeyPair() : generateAgreementKeyPair();
  const text = keyFileText({ kind, bytes: publicKey }, { kind, bytes: privateKey }, now);
  privateKey.fill(0);
  await writeNewFile(path, text);
  return encodePublicKey({ kind, bytes: publicKey });
}

/** What the file of a private key says. */
export function keyFileText(publicKey: PublicKey, { kind, bytes }: PrivateKey, now: Date): string {
  const made = `# made ${now.toISOString()}`;
  return `${made}\n# public key: ${encodePublicKey(publicKey)}\n${encodeKeyText('bwkey1', kind, bytes)}\n`;
}

/**
 * Reads a private key from its file.
 *
 * @param kinds That are of use here.
 * @throws CliError usage; UnsafeFileError where others may read it
 */
export async function readPrivateKeyFile<Kind extends PairKind>(
  path: string,
  kinds: readonly Kind[],
): Promise<PrivateKey<Kind>> {
  const content = await readPrivateFile(path);
  const lines = content.toString('utf8').split('\n');
  content.fill(0);
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const key = keys.length === 1 ? decodeKeyText('bwkey1', keys[0] ?? '') : undefined;
  if (key === undefined) throw new CliError('usage', `${path} does not hold one private key (bwkey1.…), whole`);
  const kind = kinds.find((each) => each === key.kind);
  if (kind !== undefined) return { kind, bytes: key.bytes };
  throw new CliError('usage', `the private key of ${path} is of the kind ${key.kind}; wanted is ${kinds.join(' or ')}`);
}
