import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { AES_256_GCM_FORM, gcmOpen, gcmSeal } from './aes-gcm.ts';

/** Length of an XAES-256-GCM nonce: long enough to be drawn at random for ever. */
export const XAES_NONCE_BYTES = 24;

const BLOCK_BYTES = 16;

/** Counter, label and separator before the context in a CMAC input. */
const LABEL_BYTES = 4;

/** Part of the nonce that goes into the message key. */
const CONTEXT_BYTES = BLOCK_BYTES - LABEL_BYTES;

/** XAES-256-GCM under one key, nonce given by the caller. */
export interface Xaes {
  /** @returns prefix ‖ ciphertext ‖ tag (16). */
  seal(nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, prefix?: Uint8Array): Buffer;
  /** @throws CryptoError ERR_OPEN_FAILED */
  open(nonce: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Buffer;
}

/**
 * Prepares XAES-256-GCM (C2SP) for one key: AES-256-GCM under a key derived, per SP 800-108 with CMAC, from the
 * first 12 bytes of a 24-byte nonce; the last 12 bytes are the GCM nonce.
 *
 * Preparing costs about one message; keep the result as long as the key.
 *
 * @param key 32 bytes.
 */
export function xaes(key: KeyObject): Xaes {
  // ECB keeps no state between whole blocks, so one cipher object serves as the bare block function for
  // the life of the key. Starting a cipher for each message would cost more than the message.
  const block = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const subkey = cmacSubkey(block.update(Buffer.alloc(BLOCK_BYTES)));

  // Both CMAC inputs, [i]2 ‖ 'X' ‖ 0x00 ‖ nonce[0:12] for i = 1, 2, already masked with the subkey; the nonce is
  // mixed in for each message.
  const masked = Buffer.from(`00015800${'00'.repeat(CONTEXT_BYTES)}00025800${'00'.repeat(CONTEXT_BYTES)}`, 'hex');
  xorInto(masked, 0, subkey, BLOCK_BYTES);
  xorInto(masked, BLOCK_BYTES, subkey, BLOCK_BYTES);
  const inputs = Buffer.alloc(2 * BLOCK_BYTES);

  const messageKey = (nonce: Uint8Array): KeyObject => {
    inputs.set(masked);
    xorInto(inputs, LABEL_BYTES, nonce, CONTEXT_BYTES);
    xorInto(inputs, BLOCK_BYTES + LABEL_BYTES, nonce, CONTEXT_BYTES);
    return createSecretKey(block.update(inputs));
  };

  return {
    seal: (nonce, plaintext, associatedData, prefix) =>
      gcmSeal(messageKey(nonce), nonce.subarray(CONTEXT_BYTES), plaintext, associatedData, prefix, AES_256_GCM_FORM),
    open: (nonce, sealed, associatedData) =>
      gcmOpen(messageKey(nonce), nonce.subarray(CONTEXT_BYTES), sealed, associatedData, AES_256_GCM_FORM),
  };
}

// K1 of CMAC (SP 800-38B, 6.1): L doubled in GF(2^128), without a branch on its secret top bit.
function cmacSubkey(l: Uint8Array): Uint8Array {
  const doubled = l.map((byte, i) => (byte << 1) | ((l[i + 1] ?? 0) >> 7));
  const carry = (l[0] ?? 0) >> 7;
  xorInto(doubled, BLOCK_BYTES - 1, Uint8Array.of(carry * 0b1000_0111), 1);
  return doubled;
}

function xorInto(target: Uint8Array, offset: number, bytes: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) target[offset + i] = (target[offset + i] ?? 0) ^ (bytes[i] ?? 0);
}
