import { CryptoError, deriveKey, encodeKdf, type Kdf, newKdf, parseKdf } from '@bulwark/crypto';
import { KeyringError } from '../../errors.ts';
import { isSameRoot, localRoot, type RootProvider } from '../../root.ts';
import { createPrivateFile } from '../create-private-file.ts';
import { readRootFile } from '../read-root-file.ts';
import { misconfigured } from '../root-fault.ts';
import { encodePassphraseRecord, type PassphraseRecord, parsePassphraseRecord } from './passphrase-record.ts';

export type { PassphraseRecord } from './passphrase-record.ts';

// Whoever steals the record tries passphrases for as long as he likes, so a short one is no key at all. Length is what
// can be checked here; six random words are better than any rule.
const MIN_PASSPHRASE_CHARACTERS = 12;

/**
 * A new root that follows from a passphrase, by Argon2id with a fresh salt unless `kdf` says otherwise.
 *
 * @param passphrase At least 12 characters; taken in Unicode form NFKC.
 * @param kdf `newKdf('pbkdf2-sha512')` where FIPS 140 is asked for.
 * @throws KeyringError ERR_ROOT_CONFIG (passphrase or cost)
 */
export async function createPassphraseRoot(
  passphrase: string,
  kdf: Kdf = newKdf(),
): Promise<{ root: RootProvider; record: PassphraseRecord }> {
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS) {
    throw misconfigured(`a passphrase must have at least ${MIN_PASSPHRASE_CHARACTERS} characters`);
  }
  const root = await deriveRoot(passphrase, kdf);
  return { root, record: { kdf: encodeKdf(kdf), rootId: root.id } };
}

/**
 * The root of a passphrase and the record that was made with it.
 *
 * @throws KeyringError ERR_ROOT_KEY_WRONG (another passphrase), ERR_ROOT_CONFIG (malformed record)
 */
export async function openPassphraseRoot(passphrase: string, record: PassphraseRecord): Promise<RootProvider> {
  const root = await deriveRoot(passphrase, parseKdfOf(record));
  if (isSameRoot(root.id, record.rootId)) return root;
  throw new KeyringError('ERR_ROOT_KEY_WRONG', 'the passphrase is not the one that this root was made with');
}

/** `createPassphraseRoot` with its record in a new file of mode 0600. @throws also UnsafeFileError */
export async function createPassphraseFile(path: string, passphrase: string, kdf?: Kdf): Promise<RootProvider> {
  const { root, record } = await createPassphraseRoot(passphrase, kdf);
  await createPrivateFile(path, encodePassphraseRecord(record));
  return root;
}

/** `openPassphraseRoot` with its record from a file. @throws also ERR_ROOT_KEY_MISSING, UnsafeFileError */
export async function openPassphraseFile(path: string, passphrase: string): Promise<RootProvider> {
  const content = await readRootFile(
    path,
    'restore it from a backup, or create a root and lose what the old one wrapped',
  );
  return openPassphraseRoot(passphrase, parsePassphraseRecord(content.toString('utf8')));
}

async function deriveRoot(passphrase: string, kdf: Kdf): Promise<RootProvider> {
  const key = await deriveKey(passphrase, kdf).catch((cause: unknown) => {
    if (cause instanceof CryptoError) throw misconfigured(cause.message);
    throw cause;
  });
  try {
    return localRoot(key);
  } finally {
    key.fill(0);
  }
}

function parseKdfOf({ kdf }: PassphraseRecord): Kdf {
  try {
    return parseKdf(kdf);
  } catch {
    throw misconfigured('the passphrase record is malformed: its kdf is none, or asks for more than the limits');
  }
}
