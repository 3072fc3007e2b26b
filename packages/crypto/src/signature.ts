import { sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { generateRawKeyPair, importPrivateKey, importPublicKey, type RawKeyPair } from './curve-key.ts';

/** Length of an Ed25519 signature. */
const SIGNATURE_BYTES = 64;

/** A fresh Ed25519 key pair (RFC 8032), 32 raw bytes each; the private key is the seed. */
export function generateSigningKeyPair(): RawKeyPair {
  return generateRawKeyPair('ed25519');
}

/**
 * Signs with Ed25519. Sign `pae(purpose, …)` rather than bare bytes, so that no signature serves two purposes.
 *
 * @returns 64 bytes; the same for the same key and message.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function sign(privateKey: Uint8Array, message: Uint8Array): Buffer {
  return nodeSign(null, message, importPrivateKey('ed25519', privateKey));
}

/** Whether `signature` is this key's Ed25519 signature of `message`. @throws CryptoError ERR_KEY_LENGTH */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = importPublicKey('ed25519', publicKey);
  if (signature.length !== SIGNATURE_BYTES) return false;
  return nodeVerify(null, message, key, signature);
}
