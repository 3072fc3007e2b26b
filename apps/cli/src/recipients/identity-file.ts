import { generateAgreementKeyPair, generateHybridKeyPair } from '@bulwark/crypto';
import { readPrivateFile } from '@bulwark/private-files';
import { CliError } from '../errors.ts';
import { writeNewFile } from '../new-file.ts';
import { type BoxKind, decodeKeyText, encodeKeyText } from './key-text.ts';
import { encodePublicKey } from './public-key.ts';

/** A private key that files and backups were sealed to. */
export interface PrivateKey {
  readonly kind: BoxKind;
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
  const publicText = encodePublicKey({ kind, bytes: publicKey });
  const lines = [
    `# made ${now.toISOString()}`,
    `# public key: ${publicText}`,
    encodeKeyText('bwkey1', kind, privateKey),
  ];
  privateKey.fill(0);
  await writeNewFile(path, `${lines.join('\n')}\n`);
  return publicText;
}

/** Reads a private key from its file. @throws CliError usage; UnsafeFileError where others may read it */
export async function readIdentityFile(path: string): Promise<PrivateKey> {
  const content = await readPrivateFile(path);
  const lines = content.toString('utf8').split('\n');
  content.fill(0);
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const key = keys.length === 1 ? decodeKeyText('bwkey1', keys[0] ?? '') : undefined;
  if (key === undefined) throw new CliError('usage', `${path} does not hold one private key (bwkey1.…), whole`);
  return key;
}
