import { createHash } from 'node:crypto';
import {
  agreementPublicKey,
  constantTimeEqual,
  deriveKey,
  encodeKdf,
  hybridPublicKey,
  type KdfAlgorithm,
  newKdf,
  openMessage,
  openWith,
  openWithHybrid,
  pae,
  parseKdf,
  sealMessage,
  sealTo,
  sealToHybrid,
} from '@bulwark/crypto';
import { type FileKeys, findOpeningKey } from './file-keys.ts';
import type { WrappedKey } from './header.ts';

/** Who may open a file: the holder of a public key's private half, or of a named key. */
export type Recipient =
  | { readonly x25519: Uint8Array } // public key, 32 bytes
  | { readonly hybrid: Uint8Array } // MLKEM768-X25519 public key, 1216 bytes
  | { readonly key: string; readonly keys: FileKeys };

/** A private key that files were sealed to; 32 bytes each. */
export type Identity = { readonly x25519: Uint8Array } | { readonly hybrid: Uint8Array };

/** Everything the caller can open files with. What the file names is used, nothing else is tried. */
export interface Opener {
  readonly keys?: FileKeys;
  readonly identities?: readonly Identity[];
  readonly passphrase?: string;
}

const INFO = Buffer.from('bw1/file/wrap');

/** Seals a file's key to a recipient. @param kid The file's, to which the wrapped key is bound. */
export async function wrapFor(recipient: Recipient, fileKey: Uint8Array, kid: Uint8Array): Promise<WrappedKey> {
  if ('x25519' in recipient) {
    const wrapped = sealTo(recipient.x25519, fileKey, INFO, kid);
    return { type: 'x25519', id: publicKeyId('x25519', recipient.x25519), wrapped };
  }
  if ('hybrid' in recipient) {
    const wrapped = sealToHybrid(recipient.hybrid, fileKey, INFO, kid);
    return { type: 'hybrid', id: publicKeyId('hybrid', recipient.hybrid), wrapped };
  }
  const key = await recipient.keys.sealing(recipient.key);
  return { type: 'key', id: key.kid, wrapped: sealMessage(key.messageKey, fileKey, wrapContext(kid)) };
}

/** Seals a file's key under a passphrase, whose KDF is recorded as the recipient's id. */
export async function wrapUnderPassphrase(
  passphrase: string,
  algorithm: KdfAlgorithm | undefined,
  fileKey: Uint8Array,
  kid: Uint8Array,
): Promise<WrappedKey> {
  const kdf = newKdf(algorithm);
  const key = await deriveKey(passphrase, kdf);
  // A message, since it commits to its key: one file cannot be made to answer for many passphrases at once.
  const wrapped = sealMessage(key, fileKey, wrapContext(kid));
  key.fill(0);
  return { type: 'passphrase', id: Buffer.from(encodeKdf(kdf)), wrapped };
}

/**
 * Opens a file's key with the first recipient that the opener has the key of.
 *
 * @returns `undefined` when it has none.
 * @throws CryptoError ERR_OPEN_FAILED, ERR_KDF_RECORD
 */
export async function unwrap(
  recipients: readonly WrappedKey[],
  opener: Opener,
  kid: Uint8Array,
): Promise<Buffer | undefined> {
  for (const recipient of recipients) {
    const fileKey = await unwrapOne(recipient, opener, kid);
    if (fileKey !== undefined) return fileKey;
  }
  return undefined;
}

async function unwrapOne(
  { type, id, wrapped }: WrappedKey,
  { keys, identities = [], passphrase }: Opener,
  kid: Uint8Array,
): Promise<Buffer | undefined> {
  switch (type) {
    case 'key': {
      const key = await findOpeningKey(keys, id);
      return key && openMessage(key.messageKey, wrapped, wrapContext(kid));
    }
    case 'x25519':
      for (const identity of identities) {
        if (!('x25519' in identity) || !isIdOf(id, type, agreementPublicKey(identity.x25519))) continue;
        return openWith(identity.x25519, wrapped, INFO, kid);
      }
      return undefined;
    case 'hybrid':
      for (const identity of identities) {
        if (!('hybrid' in identity) || !isIdOf(id, type, hybridPublicKey(identity.hybrid))) continue;
        return openWithHybrid(identity.hybrid, wrapped, INFO, kid);
      }
      return undefined;
    case 'passphrase':
      return passphrase === undefined ? undefined : unwrapUnderPassphrase(passphrase, id, wrapped, kid);
  }
}

async function unwrapUnderPassphrase(
  passphrase: string,
  kdf: Uint8Array,
  wrapped: Uint8Array,
  kid: Uint8Array,
): Promise<Buffer> {
  const key = await deriveKey(passphrase, parseKdf(Buffer.from(kdf).toString('latin1')));
  try {
    return openMessage(key, wrapped, wrapContext(kid));
  } finally {
    key.fill(0);
  }
}

function isIdOf(id: Uint8Array, type: 'x25519' | 'hybrid', publicKey: Uint8Array): boolean {
  return constantTimeEqual(publicKeyId(type, publicKey), id);
}

// How the header names a public key: so that it is found without trying it. Whoever has the key knows it by this.
function publicKeyId(type: 'x25519' | 'hybrid', publicKey: Uint8Array): Buffer {
  return createHash('sha256')
    .update(pae('bw1/file/recipient', type, publicKey))
    .digest()
    .subarray(0, 16);
}

function wrapContext(kid: Uint8Array): Buffer {
  return pae('bw1/file/wrap', kid);
}
