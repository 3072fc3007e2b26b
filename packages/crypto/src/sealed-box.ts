import { TAG_BYTES } from './aes-gcm.ts';
import { CURVE_KEY_BYTES, generateRawKeyPair, type RawKeyPair } from './curve-key.ts';
import { CryptoError, openFailed } from './errors.ts';
import {
  AES_256_GCM,
  DHKEM_X25519,
  decapX25519,
  deriveX25519KeyPair,
  encapX25519,
  hpkeOpen,
  hpkeSeal,
} from './hpke.ts';

/**
 * Seals one message to a public key: HPKE base mode, single shot (RFC 9180) with DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and AES-256-GCM. It says nothing about who sealed it.
 *
 * @param publicKey 32 bytes, X25519.
 * @param info Names the purpose and the parties; `openWith` must be given the same bytes.
 * @param associatedData Authenticated, not stored; `openWith` must be given the same bytes.
 * @returns enc (32) ‖ ciphertext ‖ tag (16).
 * @throws CryptoError ERR_KEY_LENGTH, ERR_PUBLIC_KEY
 */
export function sealTo(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  const encapsulation = encapX25519(publicKey, generateRawKeyPair('x25519'));
  return hpkeSeal(DHKEM_X25519, AES_256_GCM, encapsulation, info, plaintext, associatedData);
}

/**
 * Opens what was sealed to this key with `sealTo`.
 *
 * @param privateKey 32 bytes, X25519.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_OPEN_FAILED
 */
export function openWith(
  privateKey: Uint8Array,
  sealed: Uint8Array,
  info: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  if (sealed.length < CURVE_KEY_BYTES + TAG_BYTES) throw openFailed();
  const sharedSecret = decapsulate(privateKey, sealed.subarray(0, CURVE_KEY_BYTES));
  const message = sealed.subarray(CURVE_KEY_BYTES);
  return hpkeOpen(DHKEM_X25519, AES_256_GCM, sharedSecret, info, message, associatedData);
}

/**
 * The X25519 key pair of a seed: DeriveKeyPair of RFC 9180, 7.1.3. Seeds may come from `hkdf`.
 *
 * @param seed 32 bytes or more, uniformly random.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function deriveBoxKeyPair(seed: Uint8Array): RawKeyPair {
  if (seed.length < CURVE_KEY_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `seed must be ${CURVE_KEY_BYTES} bytes or more, got ${seed.length}`);
  }
  return deriveX25519KeyPair(seed);
}

// An `enc` of small order comes with the message, so it fails like any other altered message.
function decapsulate(privateKey: Uint8Array, enc: Uint8Array): Buffer {
  try {
    return decapX25519(privateKey, enc);
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'ERR_PUBLIC_KEY') throw openFailed();
    throw error;
  }
}
