import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CryptoError } from './errors.ts';

/** Length of raw public and private keys on Curve25519. */
export const CURVE_KEY_BYTES = 32;

/** A raw key pair, 32 bytes each. */
export interface RawKeyPair {
  publicKey: Buffer;
  privateKey: Buffer;
}

/** The two uses of Curve25519: agreement (RFC 7748) and signatures (RFC 8032). */
export type Curve = 'x25519' | 'ed25519';

// DER up to the raw key (RFC 8410, 4 and 7): the only two shapes OpenSSL reads and writes for these keys.
const HEADERS: Record<Curve, { spki: Buffer; pkcs8: Buffer }> = {
  x25519: {
    spki: Buffer.from('302a300506032b656e032100', 'hex'),
    pkcs8: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  },
  ed25519: {
    spki: Buffer.from('302a300506032b6570032100', 'hex'),
    pkcs8: Buffer.from('302e020100300506032b657004220420', 'hex'),
  },
};

/** A fresh key pair from the operating system's generator. */
export function generateRawKeyPair(curve: Curve): RawKeyPair {
  const { publicKey, privateKey } = curve === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519');
  return { publicKey: rawPublicKey(publicKey), privateKey: rawPrivateKey(privateKey) };
}

/** Reads 32 raw bytes as a private key. @throws CryptoError ERR_KEY_LENGTH */
export function importPrivateKey(curve: Curve, raw: Uint8Array): KeyObject {
  requireLength(raw, 'private key');
  const key = Buffer.concat([HEADERS[curve].pkcs8, raw]);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** Reads 32 raw bytes as a public key. @throws CryptoError ERR_KEY_LENGTH */
export function importPublicKey(curve: Curve, raw: Uint8Array): KeyObject {
  requireLength(raw, 'public key');
  return createPublicKey({ key: Buffer.concat([HEADERS[curve].spki, raw]), format: 'der', type: 'spki' });
}

/** The raw public key of a public or private key object. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-CURVE_KEY_BYTES);
}

function rawPrivateKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' }).subarray(-CURVE_KEY_BYTES);
}

function requireLength(raw: Uint8Array, name: string): void {
  if (raw.length === CURVE_KEY_BYTES) return;
  throw new CryptoError('ERR_KEY_LENGTH', `${name} must be ${CURVE_KEY_BYTES} bytes, got ${raw.length}`);
}
