import { createHmac, createSecretKey } from 'node:crypto';
import { AES_256_GCM_FORM, GCM_NONCE_BYTES, gcmOpen, gcmSealInto, TAG_BYTES } from './aes-gcm.ts';
import { constantTimeEqual } from './equal.ts';
import { openFailed } from './errors.ts';
import { FERNET_IV_BYTES, FERNET_MIN_BYTES, openFernetBytes, sealFernetBytes } from './fernet.ts';
import { hkdfExpand } from './hkdf.ts';
import { openMessage, sealedLength, sealMessage } from './message.ts';
import { pae } from './pae.ts';
import { fillWithNonce, randomNonce } from './random.ts';
import { KEY_BYTES } from './symmetric-key.ts';
import { XAES_NONCE_BYTES, xaes } from './xaes.ts';

/**
 * How a field is encrypted.
 * - `XAES-256-GCM`, the default: good for 2^80 values under one key.
 * - `A256GCM`: 12 bytes shorter and faster, but a key must stop at 2^32 values, all processes together.
 * - `XAES-DET`: equal values of a column give equal bytes, and so show that they are equal. Cannot be bound to a row.
 *   Prefer a blind index beside a random suite.
 * - `COBBLESTONE-256`: commits to its key, for keys that other parties may choose, and for long values.
 * - `FERNET`: AES-128-CBC with HMAC-SHA256, for those who must; 79 to 94 bytes longer than the plaintext.
 */
export type FieldSuite = 'A256GCM' | 'XAES-256-GCM' | 'XAES-DET' | 'COBBLESTONE-256' | 'FERNET';

/** A suite under one key, working on what follows the envelope's header: the body. */
export interface FieldCipher {
  /** @returns header ‖ body */
  seal(header: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Buffer;
  /** @param start Where the body begins. @throws CryptoError ERR_OPEN_FAILED */
  open(sealed: Uint8Array, start: number, associatedData: Uint8Array): Buffer;
}

interface FieldSuiteFacts {
  /** Second byte of the envelope; part of the stored format. */
  readonly id: number;
  /** Shortest body, that of an empty plaintext. */
  readonly minBodyBytes: number;
  /** Whether values can be bound to their row. */
  readonly bindsRow: boolean;
  /** @param key 32 bytes, which the caller erases afterwards. */
  readonly cipher: (key: Uint8Array) => FieldCipher;
}

/** All that is known of each suite. */
export const FIELD_SUITES: Readonly<Record<FieldSuite, FieldSuiteFacts>> = {
  A256GCM: { id: 0x01, minBodyBytes: GCM_NONCE_BYTES + TAG_BYTES, bindsRow: true, cipher: gcmCipher },
  'XAES-256-GCM': { id: 0x02, minBodyBytes: XAES_NONCE_BYTES + TAG_BYTES, bindsRow: true, cipher: xaesCipher },
  'XAES-DET': { id: 0x03, minBodyBytes: XAES_NONCE_BYTES + TAG_BYTES, bindsRow: false, cipher: deterministicCipher },
  'COBBLESTONE-256': { id: 0x04, minBodyBytes: sealedLength(0), bindsRow: true, cipher: messageCipher },
  FERNET: { id: 0x10, minBodyBytes: FERNET_MIN_BYTES, bindsRow: true, cipher: fernetCipher },
};

/** The suite with this id in the envelope, if there is one. */
export function fieldSuiteOf(id: number | undefined): FieldSuite | undefined {
  return SUITE_OF_ID[id ?? 0];
}

const SUITE_OF_ID = Object.entries(FIELD_SUITES).reduce<(FieldSuite | undefined)[]>((suites, [name, { id }]) => {
  suites[id] = name as FieldSuite;
  return suites;
}, []);

function gcmCipher(keyBytes: Uint8Array): FieldCipher {
  const key = createSecretKey(keyBytes);
  return {
    seal(header, plaintext, associatedData) {
      const start = header.length + GCM_NONCE_BYTES;
      const sealed = Buffer.allocUnsafe(start + plaintext.length + TAG_BYTES);
      sealed.set(header);
      const nonce = sealed.subarray(header.length, start);
      fillWithNonce(nonce);
      gcmSealInto(sealed, start, key, nonce, plaintext, associatedData, AES_256_GCM_FORM);
      return sealed;
    },
    open(sealed, start, associatedData) {
      const end = start + GCM_NONCE_BYTES;
      return gcmOpen(key, sealed.subarray(start, end), sealed, associatedData, AES_256_GCM_FORM, end);
    },
  };
}

function xaesCipher(keyBytes: Uint8Array): FieldCipher {
  const { sealRandom, open } = xaes(createSecretKey(keyBytes));
  return { seal: sealRandom, open };
}

// XAES with a nonce that is a MAC of all it encrypts. A chosen nonce would be one more thing to check, so the MAC is
// made again when opening.
function deterministicCipher(keyBytes: Uint8Array): FieldCipher {
  const keys = hkdfExpand('sha512', keyBytes, Buffer.from('bw1/det'), 2 * KEY_BYTES);
  const nonceKey = createSecretKey(keys.subarray(0, KEY_BYTES));
  const { seal, open } = xaes(createSecretKey(keys.subarray(KEY_BYTES)));
  keys.fill(0);
  const nonceOf = (plaintext: Uint8Array, associatedData: Uint8Array) =>
    createHmac('sha256', nonceKey).update(pae(associatedData, plaintext)).digest().subarray(0, XAES_NONCE_BYTES);
  return {
    seal(header, plaintext, associatedData) {
      const nonce = nonceOf(plaintext, associatedData);
      return seal(nonce, plaintext, associatedData, Buffer.concat([header, nonce]));
    },
    open(sealed, start, associatedData) {
      const plaintext = open(sealed, start, associatedData);
      const nonce = sealed.subarray(start, start + XAES_NONCE_BYTES);
      if (!constantTimeEqual(nonceOf(plaintext, associatedData), nonce)) throw openFailed();
      return plaintext;
    },
  };
}

function messageCipher(keyBytes: Uint8Array): FieldCipher {
  const key = createSecretKey(keyBytes);
  return {
    seal: (header, plaintext, associatedData) => Buffer.concat([header, sealMessage(key, plaintext, associatedData)]),
    open: (sealed, start, associatedData) => openMessage(key, sealed.subarray(start), associatedData),
  };
}

// Fernet has no associated data, so each cell has a Fernet key of its own: any Fernet library opens the body under it.
// The creation time is public and part of the token; it is set to 0, since a package without a clock has none.
function fernetCipher(keyBytes: Uint8Array): FieldCipher {
  const key = createSecretKey(keyBytes);
  const cellKey = (associatedData: Uint8Array) =>
    hkdfExpand('sha512', key, pae('bw1/fernet', associatedData), KEY_BYTES);
  return {
    seal(header, plaintext, associatedData) {
      const token = sealFernetBytes(cellKey(associatedData), plaintext, 0, randomNonce(FERNET_IV_BYTES));
      return Buffer.concat([header, token]);
    },
    open: (sealed, start, associatedData) =>
      openFernetBytes([cellKey(associatedData)], sealed.subarray(start)).plaintext,
  };
}
