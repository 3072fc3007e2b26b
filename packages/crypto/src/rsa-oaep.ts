import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { CryptoError, openFailed } from './errors.ts';
import type { AnyHashName } from './hmac.ts';

/** Shortest RSA modulus that is used (SP 800-131A). */
const MIN_MODULUS_BITS = 2048;
const NEW_MODULUS_BITS = 3072;
const NO_LABEL = new Uint8Array(0);
const generateKeyPairAsync = promisify(generateKeyPair);

/**
 * A fresh RSA key pair of 3072 bits, for a party that hands us a key and can do nothing more modern than RSA-OAEP.
 *
 * @returns Both as PEM: SubjectPublicKeyInfo and PKCS #8.
 */
export async function generateImportKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  const { publicKey, privateKey } = await generateKeyPairAsync('rsa', { modulusLength: NEW_MODULUS_BITS });
  return {
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/**
 * Wraps a key to an RSA public key: RSAES-OAEP (RFC 8017, 7.1) with SHA-256 for both hashes.
 *
 * @param publicKey PEM of 2048 bits or more.
 * @param key Up to 190 bytes for 2048 bits, 318 for 3072.
 * @throws CryptoError ERR_PUBLIC_KEY, ERR_KEY_LENGTH
 */
export function wrapKeyTo(publicKey: string, key: Uint8Array): Buffer {
  return oaepEncrypt(readKey(publicKey, createPublicKey), key, 'sha256', NO_LABEL);
}

/**
 * Unwraps a key that was wrapped to this RSA key with `wrapKeyTo` or elsewhere.
 *
 * @param privateKey PEM of 2048 bits or more.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT (not an RSA private key), ERR_OPEN_FAILED
 */
export function unwrapKeyWith(privateKey: string, wrapped: Uint8Array): Buffer {
  return oaepDecrypt(readKey(privateKey, createPrivateKey), wrapped, 'sha256', NO_LABEL);
}

/** RSAES-OAEP-ENCRYPT with any hash and label, the hash serving for MGF1 too. SHA-1 is for published vectors only. */
export function oaepEncrypt(key: KeyObject, message: Uint8Array, hash: AnyHashName, label: Uint8Array): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  try {
    return publicEncrypt({ key, padding, oaepHash: hash, oaepLabel: label }, message);
  } catch {
    throw new CryptoError('ERR_KEY_LENGTH', `message of ${message.length} bytes is too long for the RSA key`);
  }
}

/** RSAES-OAEP-DECRYPT with any hash and label. @throws CryptoError ERR_OPEN_FAILED */
export function oaepDecrypt(key: KeyObject, sealed: Uint8Array, hash: AnyHashName, label: Uint8Array): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  try {
    return privateDecrypt({ key, padding, oaepHash: hash, oaepLabel: label }, sealed);
  } catch {
    throw openFailed();
  }
}

function readKey(pem: string, create: typeof createPublicKey | typeof createPrivateKey): KeyObject {
  let key: KeyObject;
  try {
    key = create(pem);
  } catch {
    throw create === createPublicKey
      ? new CryptoError('ERR_PUBLIC_KEY', 'publicKey is not the PEM of a public key')
      : new CryptoError('ERR_ARGUMENT', 'privateKey is not the PEM of an unencrypted private key');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType === 'rsa' && bits !== undefined && bits >= MIN_MODULUS_BITS) return key;
  throw new CryptoError('ERR_KEY_LENGTH', `key must be RSA of ${MIN_MODULUS_BITS} bits or more`);
}
