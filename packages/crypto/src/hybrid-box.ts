import { TAG_BYTES } from './aes-gcm.ts';
import type { RawKeyPair } from './curve-key.ts';
import { CryptoError, openFailed } from './errors.ts';
import { AES_256_GCM, hpkeOpen, hpkeSeal } from './hpke.ts';
import { decapXWing, encapXWing, generateXWingKeyPair, X_WING, X_WING_ENC_BYTES, xWingPublicKey } from './x-wing.ts';

/**
 * A fresh key pair for hybrid boxes.
 *
 * @returns A private key of 32 bytes, which is a seed, and a public key of 1216.
 * @throws CryptoError ERR_UNSUPPORTED (Node built with an OpenSSL before 3.5)
 */
export function generateHybridKeyPair(): RawKeyPair {
  return generateXWingKeyPair();
}

/** The public key of a hybrid private key. @throws CryptoError ERR_KEY_LENGTH, ERR_UNSUPPORTED */
export function hybridPublicKey(privateKey: Uint8Array): Buffer {
  return xWingPublicKey(privateKey);
}

/**
 * Seals one message to a hybrid public key, for secrets that must outlast quantum computers: HPKE base mode, single
 * shot, with MLKEM768-X25519 (X-Wing), HKDF-SHA256 and AES-256-GCM. It says nothing about who sealed it.
 *
 * @param publicKey 1216 bytes.
 * @param info Names the purpose and the parties; `openWithHybrid` must be given the same bytes.
 * @param associatedData Authenticated, not stored; `openWithHybrid` must be given the same bytes.
 * @returns enc (1120) ‖ ciphertext ‖ tag (16).
 * @throws CryptoError ERR_KEY_LENGTH, ERR_PUBLIC_KEY, ERR_UNSUPPORTED
 */
export function sealToHybrid(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  return hpkeSeal(X_WING, AES_256_GCM, encapXWing(publicKey), info, plaintext, associatedData);
}

/**
 * Opens what was sealed to this key with `sealToHybrid`.
 *
 * @param privateKey 32 bytes.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED, ERR_UNSUPPORTED
 */
export function openWithHybrid(
  privateKey: Uint8Array,
  sealed: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  if (sealed.length < X_WING_ENC_BYTES + TAG_BYTES) throw openFailed();
  const sharedSecret = decapsulate(privateKey, sealed.subarray(0, X_WING_ENC_BYTES));
  const message = sealed.subarray(X_WING_ENC_BYTES);
  return hpkeOpen(X_WING, AES_256_GCM, sharedSecret, info, message, associatedData);
}

// An X25519 key of small order comes with the message, so it fails like any other altered message.
function decapsulate(privateKey: Uint8Array, enc: Uint8Array): Buffer {
  try {
    return decapXWing(privateKey, enc);
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'ERR_PUBLIC_KEY') throw openFailed();
    throw error;
  }
}
