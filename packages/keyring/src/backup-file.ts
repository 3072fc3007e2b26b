import { hash } from 'node:crypto';
import {
  agreementPublicKey,
  constantTimeEqual,
  decodeBase64Url,
  deriveKey,
  encodeBase64Url,
  encodeKdf,
  generateKey,
  hybridPublicKey,
  type KdfAlgorithm,
  newKdf,
  open,
  openMessage,
  openWith,
  openWithHybrid,
  pae,
  parseKdf,
  randomBytes,
  seal,
  sealMessage,
  sealTo,
  sealToHybrid,
} from '@bulwark/crypto';
import { combineShares, type SplitFacts, splitAmong } from './custodians.ts';
import { KeyringError } from './errors.ts';

/** Who can open a backup; any one way of those that are given is enough. */
export interface BackupProtection {
  /** Argon2id unless `kdf` says otherwise. As strong as the passphrase: take six random words or more. */
  readonly passphrase?: string;
  readonly kdf?: KdfAlgorithm;
  /** Public keys: X25519 (32 bytes) or hybrid with ML-KEM-768 (1216 bytes). */
  readonly recipients?: readonly Uint8Array[];
  /** Splits the key among so many, any `threshold` of whom open it together (Shamir). 2 to 255. */
  readonly custodians?: { readonly shares: number; readonly threshold: number };
}

/** The way in which a backup is opened. The private key is of one of its recipients, 32 bytes of either kind. */
export type BackupOpener =
  | { readonly passphrase: string }
  | { readonly privateKey: Uint8Array }
  | { readonly shares: readonly string[] };

/** A backup, sealed. */
export interface SealedBackup {
  /** JSON; safe to keep anywhere. */
  readonly backup: string;
  /** One text for each custodian, in no order; whoever has `threshold` of them has the keys. */
  readonly shares: readonly string[];
}

type Opening =
  | { readonly by: 'passphrase'; readonly kdf: string; readonly wrapped: string }
  | { readonly by: 'recipient'; readonly publicKey: string; readonly wrapped: string }
  | ({ readonly by: 'custodians' } & SplitFacts);

interface BackupFile {
  readonly format: 'bulwark-keys';
  readonly version: 1;
  /** base64url of 16 random bytes. */
  readonly id: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly openings: readonly Opening[];
  readonly body: string;
}

const INFO = Buffer.from('bw1/key-backup');
const X25519_BYTES = 32;

/**
 * Seals a backup: the content under a key of its own with Cobblestone-256, which commits to that key, and the key once
 * for each way to open it.
 *
 * @throws KeyringError ERR_ARGUMENT (no protection, or custodians out of range); CryptoError ERR_PUBLIC_KEY
 */
export async function sealBackup(
  content: Uint8Array,
  { passphrase, kdf, recipients = [], custodians }: BackupProtection,
  createdAt: number,
): Promise<SealedBackup> {
  const id = randomBytes(16);
  const key = generateKey();
  try {
    const openings: Opening[] = [];
    if (passphrase !== undefined) openings.push(await lockWithPassphrase(id, key, passphrase, kdf));
    for (const publicKey of recipients) openings.push(lockToRecipient(id, key, publicKey));
    const split = custodians && (await splitAmong(id, key, custodians));
    if (split) openings.push({ by: 'custodians', ...split.facts });
    if (openings.length === 0) {
      throw new KeyringError('ERR_ARGUMENT', 'a backup needs a passphrase, recipients or custodians');
    }
    const file: BackupFile = {
      format: 'bulwark-keys',
      version: 1,
      id: encodeBase64Url(id),
      createdAt,
      openings,
      body: encodeBase64Url(sealMessage(key, content, bodyContext(id, createdAt))),
    };
    return { backup: `${JSON.stringify(file, null, 2)}\n`, shares: split?.shares ?? [] };
  } finally {
    key.fill(0);
  }
}

/** Opens a backup. @throws KeyringError ERR_BACKUP_FORMAT, ERR_BACKUP_OPEN */
export async function openBackup(backup: string, opener: BackupOpener): Promise<Buffer> {
  const file = parseBackup(backup);
  try {
    const id = decodeBase64Url(file.id);
    const key = await unlock(file, id, opener);
    try {
      return openMessage(key, decodeBase64Url(file.body), bodyContext(id, file.createdAt));
    } finally {
      key.fill(0);
    }
  } catch (cause) {
    if (cause instanceof KeyringError) throw cause;
    // No cause: it may tell a wrong passphrase from an altered file.
    throw new KeyringError(
      'ERR_BACKUP_OPEN',
      'cannot open: wrong passphrase, key or shares, or the backup was changed',
    );
  }
}

/** SHA-256 of a backup in hex, to be kept apart from it: whoever has a recipient's public key can make a backup. */
export function backupDigest(backup: string): string {
  return hash('sha256', backup, 'hex');
}

async function lockWithPassphrase(
  id: Buffer,
  key: Buffer,
  passphrase: string,
  algorithm: KdfAlgorithm | undefined,
): Promise<Opening> {
  if (passphrase === '') throw new KeyringError('ERR_ARGUMENT', 'passphrase must not be empty');
  const kdf = newKdf(algorithm);
  const wrapping = await deriveKey(passphrase, kdf);
  const wrapped = encodeBase64Url(seal(wrapping, key, pae('bw1/key-backup', id)));
  wrapping.fill(0);
  return { by: 'passphrase', kdf: encodeKdf(kdf), wrapped };
}

function lockToRecipient(id: Buffer, key: Buffer, publicKey: Uint8Array): Opening {
  const wrapped =
    publicKey.length === X25519_BYTES ? sealTo(publicKey, key, INFO, id) : sealToHybrid(publicKey, key, INFO, id);
  return { by: 'recipient', publicKey: encodeBase64Url(publicKey), wrapped: encodeBase64Url(wrapped) };
}

async function unlock(file: BackupFile, id: Buffer, opener: BackupOpener): Promise<Buffer> {
  if ('passphrase' in opener) {
    const opening = requireOpening(file, 'passphrase');
    const wrapping = await deriveKey(opener.passphrase, parseKdf(opening.kdf));
    return open(wrapping, decodeBase64Url(opening.wrapped), pae('bw1/key-backup', id));
  }
  if ('shares' in opener) return combineShares(id, requireOpening(file, 'custodians'), opener.shares);

  const { privateKey } = opener;
  const publicKeys = [() => agreementPublicKey(privateKey), () => hybridPublicKey(privateKey)];
  for (const [kind, publicKeyOf] of publicKeys.entries()) {
    const publicKey = publicKeyOf();
    for (const opening of file.openings) {
      if (opening.by !== 'recipient' || !constantTimeEqual(decodeBase64Url(opening.publicKey), publicKey)) continue;
      const wrapped = decodeBase64Url(opening.wrapped);
      return kind === 0 ? openWith(privateKey, wrapped, INFO, id) : openWithHybrid(privateKey, wrapped, INFO, id);
    }
  }
  throw new KeyringError('ERR_BACKUP_OPEN', 'the backup was not made for this key');
}

function requireOpening<T extends Opening['by']>(file: BackupFile, by: T): Extract<Opening, { by: T }> {
  const opening = file.openings.find((each): each is Extract<Opening, { by: T }> => each.by === by);
  if (!opening) throw new KeyringError('ERR_BACKUP_OPEN', `the backup is not protected by ${by}`);
  return opening;
}

function parseBackup(backup: string): BackupFile {
  let file: Partial<BackupFile>;
  try {
    file = JSON.parse(backup) as Partial<BackupFile>;
  } catch {
    file = {};
  }
  const isKnown = file?.format === 'bulwark-keys' && file.version === 1;
  if (!isKnown || typeof file.id !== 'string' || typeof file.body !== 'string' || !Array.isArray(file.openings)) {
    throw new KeyringError('ERR_BACKUP_FORMAT', 'this is not a key backup of a version that is known here');
  }
  return file as BackupFile;
}

function bodyContext(id: Buffer, createdAt: number): Buffer {
  return pae('bw1/key-backup/body', id, String(createdAt));
}
