import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { AES_256_GCM_FORM, GCM_NONCE_BYTES, gcmOpen, gcmSeal, gcmSealInto, TAG_BYTES } from './aes-gcm.ts';
import { randomNonce } from './random.ts';
import { KEY_BYTES } from './symmetric-key.ts';

/** Length of an XAES-256-GCM nonce: long enough to be drawn at random for ever. */
export const XAES_NONCE_BYTES = 24;

const BLOCK_BYTES = 16;

/** Counter, label and separator before the context in a CMAC input. */
const LABEL_BYTES = 4;

/** Part of the nonce that goes into the message key. */
const CONTEXT_BYTES = BLOCK_BYTES - LABEL_BYTES;

/** How many random nonces are drawn, and message keys derived for them, at a time. */
const BATCH = 32;

/** XAES-256-GCM under one key. */
export interface Xaes {
  /** Under a fresh random nonce. @returns header ‖ nonce (24) ‖ ciphertext ‖ tag (16). */
  sealRandom(header: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Buffer;
  /** Under a nonce of the caller's choice. @returns prefix ‖ ciphertext ‖ tag (16). */
  seal(nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, prefix?: Uint8Array): Buffer;
  /** Opens nonce (24) ‖ ciphertext ‖ tag (16). @param start Where they begin in `sealed`. @throws CryptoError ERR_OPEN_FAILED */
  open(sealed: Uint8Array, start: number, associatedData: Uint8Array): Buffer;
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
  const mask = (inputs: Buffer, at: number, nonces: Uint8Array, nonceAt: number) => {
    inputs.set(masked, at);
    xorInto(inputs, at + LABEL_BYTES, nonces, CONTEXT_BYTES, nonceAt);
    xorInto(inputs, at + BLOCK_BYTES + LABEL_BYTES, nonces, CONTEXT_BYTES, nonceAt);
  };

  const input = Buffer.alloc(KEY_BYTES);
  const messageKey = (nonces: Uint8Array, nonceAt: number): KeyObject => {
    mask(input, 0, nonces, nonceAt);
    return createSecretKey(block.update(input));
  };

  // Sealing chooses its nonces, so one call of the block cipher derives many message keys: a tenth of the time saved.
  // Each is erased here as soon as OpenSSL has it.
  const inputs = Buffer.alloc(BATCH * KEY_BYTES);
  let nonces: Buffer = inputs;
  let keys: Buffer = inputs;
  let used = BATCH;
  const drawAhead = () => {
    nonces = randomNonce(BATCH * XAES_NONCE_BYTES);
    for (let i = 0; i < BATCH; i++) mask(inputs, i * KEY_BYTES, nonces, i * XAES_NONCE_BYTES);
    keys = block.update(inputs);
    used = 0;
  };
  const takeKey = (index: number): KeyObject => {
    const keyBytes = keys.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
    const key = createSecretKey(keyBytes);
    keyBytes.fill(0);
    return key;
  };

  return {
    sealRandom(header, plaintext, associatedData) {
      if (used === BATCH) drawAhead();
      const index = used++; // before anything can throw
      const start = header.length + XAES_NONCE_BYTES;
      const sealed = Buffer.allocUnsafe(start + plaintext.length + TAG_BYTES);
      sealed.set(header);
      nonces.copy(sealed, header.length, index * XAES_NONCE_BYTES, (index + 1) * XAES_NONCE_BYTES);
      const gcmNonce = sealed.subarray(start - GCM_NONCE_BYTES, start);
      gcmSealInto(sealed, start, takeKey(index), gcmNonce, plaintext, associatedData, AES_256_GCM_FORM);
      return sealed;
    },
    seal: (nonce, plaintext, associatedData, prefix) =>
      gcmSeal(messageKey(nonce, 0), nonce.subarray(CONTEXT_BYTES), plaintext, associatedData, prefix, AES_256_GCM_FORM),
    open(sealed, start, associatedData) {
      const end = start + XAES_NONCE_BYTES;
      const gcmNonce = sealed.subarray(start + CONTEXT_BYTES, end);
      return gcmOpen(messageKey(sealed, start), gcmNonce, sealed, associatedData, AES_256_GCM_FORM, end);
    },
  };
}

// K1 of CMAC (SP 800-38B, 6.1): L doubled in GF(2^128), without a branch on its secret top bit.
function cmacSubkey(l: Uint8Array): Uint8Array {
  const doubled = l.map((byte, i) => (byte << 1) | ((l[i + 1] ?? 0) >> 7));
  const carry = (l[0] ?? 0) >> 7;
  xorInto(doubled, BLOCK_BYTES - 1, Uint8Array.of(carry * 0b1000_0111), 1);
  return doubled;
}

function xorInto(target: Uint8Array, offset: number, bytes: Uint8Array, count: number, start = 0): void {
  for (let i = 0; i < count; i++) target[offset + i] = (target[offset + i] ?? 0) ^ (bytes[start + i] ?? 0);
}
