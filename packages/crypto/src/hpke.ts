import { createSecretKey } from 'node:crypto';
import { GCM_NONCE_BYTES, gcmOpen, gcmSeal } from './aes-gcm.ts';
import { agree, agreementPublicKey } from './agreement.ts';
import type { RawKeyPair } from './curve-key.ts';
import { hkdfExpand, hkdfExtract } from './hkdf.ts';

// HPKE (RFC 9180), base mode, one message per encapsulation. The KDF is HKDF-SHA256 throughout.

/** An AEAD of HPKE (RFC 9180, 7.3). */
export interface HpkeAead {
  readonly id: number;
  readonly keyBytes: number;
}

/** A shared secret and the bytes that let the recipient find it again. */
export interface Encapsulation {
  readonly sharedSecret: Uint8Array;
  readonly enc: Uint8Array;
}

export const AES_128_GCM: HpkeAead = { id: 0x0001, keyBytes: 16 };
export const AES_256_GCM: HpkeAead = { id: 0x0002, keyBytes: 32 };

/** DHKEM(X25519, HKDF-SHA256) in the table of KEMs (RFC 9180, 7.1). */
export const DHKEM_X25519 = 0x0020;

const HKDF_SHA256 = 0x0001;
const MODE_BASE = 0x00;
const SECRET_BYTES = 32;
const EMPTY = new Uint8Array(0);
const KEM_SUITE = Buffer.concat([Buffer.from('KEM'), u16(DHKEM_X25519)]);

/** DeriveKeyPair of DHKEM(X25519) (RFC 9180, 7.1.3). */
export function deriveX25519KeyPair(ikm: Uint8Array): RawKeyPair {
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'dkp_prk', ikm);
  const privateKey = labeledExpand(KEM_SUITE, prk, 'sk', EMPTY, SECRET_BYTES);
  return { publicKey: agreementPublicKey(privateKey), privateKey };
}

/** Encap of DHKEM(X25519) (RFC 9180, 4.1) with a given ephemeral pair, which must never be used again. */
export function encapX25519(publicKey: Uint8Array, ephemeral: RawKeyPair): Encapsulation {
  const shared = agree(ephemeral.privateKey, publicKey);
  return { sharedSecret: extractAndExpand(shared, ephemeral.publicKey, publicKey), enc: ephemeral.publicKey };
}

/** Decap of DHKEM(X25519) (RFC 9180, 4.1). */
export function decapX25519(privateKey: Uint8Array, enc: Uint8Array): Buffer {
  return extractAndExpand(agree(privateKey, enc), enc, agreementPublicKey(privateKey));
}

/** Seals the first and only message under a shared secret. @returns enc ‖ ciphertext ‖ tag (16). */
export function hpkeSeal(
  kem: number,
  aead: HpkeAead,
  { sharedSecret, enc }: Encapsulation,
  info: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  const { key, nonce } = keySchedule(kem, aead, sharedSecret, info);
  return gcmSeal(key, nonce, plaintext, associatedData, enc);
}

/** Opens ciphertext ‖ tag (16) under a shared secret. @throws CryptoError ERR_OPEN_FAILED */
export function hpkeOpen(
  kem: number,
  aead: HpkeAead,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  const { key, nonce } = keySchedule(kem, aead, sharedSecret, info);
  return gcmOpen(key, nonce, sealed, associatedData);
}

// RFC 9180, 5.1, base mode: no pre-shared key. The nonce of message 0 is the base nonce itself.
function keySchedule(kem: number, aead: HpkeAead, sharedSecret: Uint8Array, info: Uint8Array) {
  const suite = Buffer.concat([Buffer.from('HPKE'), u16(kem), u16(HKDF_SHA256), u16(aead.id)]);
  const context = Buffer.concat([
    Uint8Array.of(MODE_BASE),
    labeledExtract(suite, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(suite, EMPTY, 'info_hash', info),
  ]);
  const secret = labeledExtract(suite, sharedSecret, 'secret', EMPTY);
  return {
    key: createSecretKey(labeledExpand(suite, secret, 'key', context, aead.keyBytes)),
    nonce: labeledExpand(suite, secret, 'base_nonce', context, GCM_NONCE_BYTES),
  };
}

function extractAndExpand(shared: Uint8Array, enc: Uint8Array, publicKey: Uint8Array): Buffer {
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', shared);
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', Buffer.concat([enc, publicKey]), SECRET_BYTES);
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return hkdfExtract('sha256', Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm]), salt);
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Buffer {
  const labeled = Buffer.concat([u16(length), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info]);
  return hkdfExpand('sha256', prk, labeled, length);
}

function u16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
