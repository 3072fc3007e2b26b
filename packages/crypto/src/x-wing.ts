import * as crypto from 'node:crypto';
import { agree, agreementPublicKey } from './agreement.ts';
import { CURVE_KEY_BYTES, generateRawKeyPair, type RawKeyPair } from './curve-key.ts';
import { CryptoError } from './errors.ts';
import type { Encapsulation } from './hpke.ts';
import { randomBytes } from './random.ts';

// X-Wing, the KEM MLKEM768-X25519 of HPKE (https://c2sp.org/hpke-hybrids, draft-connolly-cfrg-xwing-kem): its secret
// holds as long as either ML-KEM-768 (FIPS 203) or X25519 does.

/** Its number among the KEMs of HPKE. */
export const X_WING = 0x647a;

const SEED_BYTES = 32;
const ML_KEM_SEED_BYTES = 64;
const ML_KEM_PUBLIC_BYTES = 1184;
const ML_KEM_CIPHERTEXT_BYTES = 1088;
const LABEL = Buffer.from('5c2e2f2f5e5c', 'hex');

/** Length of a public key. */
export const X_WING_PUBLIC_BYTES = ML_KEM_PUBLIC_BYTES + CURVE_KEY_BYTES;

/** Length of an encapsulated secret. */
export const X_WING_ENC_BYTES = ML_KEM_CIPHERTEXT_BYTES + CURVE_KEY_BYTES;

// DER up to the raw key: SubjectPublicKeyInfo, and PKCS #8 with the seed form (RFC 9935).
const ML_KEM_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');
const ML_KEM_PKCS8 = Buffer.from('3054020100300b060960864801650304040204428040', 'hex');

/** A fresh key pair: a 32-byte seed as the private key, and 1216 bytes. @throws CryptoError ERR_UNSUPPORTED */
export function generateXWingKeyPair(): RawKeyPair {
  const privateKey = randomBytes(SEED_BYTES);
  return { publicKey: xWingPublicKey(privateKey), privateKey };
}

/** The public key of a seed. @throws CryptoError ERR_KEY_LENGTH, ERR_UNSUPPORTED */
export function xWingPublicKey(seed: Uint8Array): Buffer {
  const { mlKem, x25519 } = expand(seed);
  const mlKemPublicKey = crypto.createPublicKey(mlKem).export({ format: 'der', type: 'spki' });
  return Buffer.concat([mlKemPublicKey.subarray(-ML_KEM_PUBLIC_BYTES), agreementPublicKey(x25519)]);
}

/** Encapsulates a fresh secret. @throws CryptoError ERR_KEY_LENGTH, ERR_PUBLIC_KEY, ERR_UNSUPPORTED */
export function encapXWing(publicKey: Uint8Array): Encapsulation {
  if (publicKey.length !== X_WING_PUBLIC_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `public key must be ${X_WING_PUBLIC_BYTES} bytes, got ${publicKey.length}`);
  }
  const recipient = publicKey.subarray(ML_KEM_PUBLIC_BYTES);
  const mlKem = crypto.encapsulate(importMlKemPublicKey(publicKey.subarray(0, ML_KEM_PUBLIC_BYTES)));
  const ephemeral = generateRawKeyPair('x25519');
  const shared = agree(ephemeral.privateKey, recipient);
  return {
    sharedSecret: combine(mlKem.sharedKey, shared, ephemeral.publicKey, recipient),
    enc: Buffer.concat([mlKem.ciphertext, ephemeral.publicKey]),
  };
}

/**
 * Finds an encapsulated secret again. ML-KEM gives a random secret for an altered one.
 *
 * @param enc 1120 bytes; shorter ones are the caller's to refuse.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_PUBLIC_KEY (`enc` holds a point of small order), ERR_UNSUPPORTED
 */
export function decapXWing(seed: Uint8Array, enc: Uint8Array): Buffer {
  const { mlKem, x25519 } = expand(seed);
  const ephemeral = enc.subarray(ML_KEM_CIPHERTEXT_BYTES);
  const mlKemSecret = crypto.decapsulate(mlKem, enc.subarray(0, ML_KEM_CIPHERTEXT_BYTES));
  return combine(mlKemSecret, agree(x25519, ephemeral), ephemeral, agreementPublicKey(x25519));
}

function combine(mlKem: Uint8Array, x25519: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Buffer {
  const hash = crypto.createHash('sha3-256');
  for (const part of [mlKem, x25519, ephemeral, recipient, LABEL]) hash.update(part);
  return hash.digest();
}

function expand(seed: Uint8Array): { mlKem: crypto.KeyObject; x25519: Buffer } {
  if (seed.length !== SEED_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `private key must be ${SEED_BYTES} bytes, got ${seed.length}`);
  }
  const outputLength = ML_KEM_SEED_BYTES + CURVE_KEY_BYTES;
  const expanded = crypto.createHash('shake256', { outputLength }).update(seed).digest();
  const mlKem = importMlKemPrivateKey(expanded.subarray(0, ML_KEM_SEED_BYTES));
  return { mlKem, x25519: expanded.subarray(ML_KEM_SEED_BYTES) };
}

function importMlKemPrivateKey(seed: Uint8Array): crypto.KeyObject {
  const key = Buffer.concat([ML_KEM_PKCS8, seed]);
  try {
    return crypto.createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    // Any 64 bytes are a seed, so it is the algorithm that is missing: OpenSSL before 3.5.
    throw new CryptoError('ERR_UNSUPPORTED', 'this Node has no ML-KEM', { cause });
  } finally {
    key.fill(0);
  }
}

function importMlKemPublicKey(raw: Uint8Array): crypto.KeyObject {
  try {
    return crypto.createPublicKey({ key: Buffer.concat([ML_KEM_SPKI, raw]), format: 'der', type: 'spki' });
  } catch {
    importMlKemPrivateKey(Buffer.alloc(ML_KEM_SEED_BYTES)); // says so if ML-KEM itself is missing
    throw new CryptoError('ERR_PUBLIC_KEY', 'public key is not one of ML-KEM-768');
  }
}
