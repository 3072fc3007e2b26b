import { diffieHellman } from 'node:crypto';
import { generateRawKeyPair, importPrivateKey, importPublicKey, type RawKeyPair, rawPublicKey } from './curve-key.ts';
import { CryptoError } from './errors.ts';

/** A fresh X25519 key pair (RFC 7748), 32 raw bytes each. */
export function generateAgreementKeyPair(): RawKeyPair {
  return generateRawKeyPair('x25519');
}

/** The X25519 public key of a private key. @throws CryptoError ERR_KEY_LENGTH */
export function agreementPublicKey(privateKey: Uint8Array): Buffer {
  return rawPublicKey(importPrivateKey('x25519', privateKey));
}

/**
 * The X25519 shared secret of one's own private and the other's public key.
 *
 * The result is not uniform and not bound to the public keys: put it through `hkdf` with both keys in `info`.
 *
 * @returns 32 bytes.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_PUBLIC_KEY (small-order point, whose secret would be all zero: RFC 7748, 6.1)
 */
export function agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const keys = { privateKey: importPrivateKey('x25519', privateKey), publicKey: importPublicKey('x25519', publicKey) };
  let secret: Buffer;
  try {
    secret = diffieHellman(keys);
  } catch {
    throw new CryptoError('ERR_PUBLIC_KEY', 'public key is a point of small order');
  }
  // OpenSSL refuses by itself; the check stays so that this does not hang on the library Node was built with.
  if (secret.every((byte) => byte === 0))
    throw new CryptoError('ERR_PUBLIC_KEY', 'public key is a point of small order');
  return secret;
}
