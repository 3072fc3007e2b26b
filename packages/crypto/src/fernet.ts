import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import { decodePaddedBase64Url, encodePaddedBase64Url } from './base64.ts';
import { constantTimeEqual } from './equal.ts';
import { CryptoError, openFailed } from './errors.ts';
import { randomNonce } from './random.ts';
import { KEY_BYTES } from './symmetric-key.ts';

// Fernet (https://github.com/fernet/spec): version (1) ‖ timestamp (8) ‖ IV (16) ‖ AES-128-CBC ciphertext ‖
// HMAC-SHA256 (32) of all before, as base64url with padding. The key is signing key (16) ‖ encryption key (16).

const VERSION = 0x80;
const BLOCK_BYTES = 16;
const HMAC_BYTES = 32;

/** Length of the CBC initialisation vector. */
export const FERNET_IV_BYTES = 16;

const HEADER_BYTES = 1 + 8 + FERNET_IV_BYTES;

/** Shortest token: an empty message is one block of padding. */
export const FERNET_MIN_BYTES = HEADER_BYTES + BLOCK_BYTES + HMAC_BYTES;

/** How far a token's creation may lie in the future, in seconds, where its age is checked at all. */
const MAX_CLOCK_SKEW_SECONDS = 60;

/** Most keys tried on one token. */
const MAX_KEYS = 16;

/** Demands on a token's age. */
export interface FernetAge {
  /** Seconds since 1970. */
  readonly now: number;
  /** Oldest token that is accepted. One from more than 60 seconds in the future is refused too. */
  readonly maxAgeSeconds: number;
}

/**
 * Seals a message as a Fernet token that any Fernet library opens. The whole message is held in memory.
 *
 * For interoperation only: it is AES-128, the creation time is readable by anyone, there is no associated data, and
 * the key is not committed to. Prefer `seal` or `sealField`.
 *
 * @param key 32 bytes; `decodeFernetKey` reads the text form.
 * @param now Seconds since 1970; fractions are dropped.
 * @returns base64url with padding.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT
 */
export function sealFernet(key: Uint8Array, plaintext: Uint8Array, now: number): string {
  return encodePaddedBase64Url(sealFernetBytes(key, plaintext, now, randomNonce(FERNET_IV_BYTES)));
}

/**
 * Opens a Fernet token with the first of several keys that made it.
 *
 * @param keys One key, or up to 16 in the order in which to try them; 32 bytes each.
 * @param age Demands on the token's age; without it tokens never expire.
 * @throws CryptoError ERR_KEY_LENGTH, ERR_ARGUMENT (more than 16 keys, or none), ERR_OPEN_FAILED for everything else
 */
export function openFernet(keys: Uint8Array | readonly Uint8Array[], token: string, age?: FernetAge): Buffer {
  return openFernetBytes(ringOf(keys), decodeToken(token), age).plaintext;
}

/**
 * Seals a token's message anew under the first key, keeping its creation time.
 *
 * @throws CryptoError as `openFernet`
 */
export function rotateFernet(keys: readonly Uint8Array[], token: string): string {
  const ring = ringOf(keys);
  const { plaintext, createdAt } = openFernetBytes(ring, decodeToken(token));
  return sealFernet(ring[0] ?? Buffer.alloc(0), plaintext, createdAt);
}

/** The text form of a Fernet key. @throws CryptoError ERR_KEY_LENGTH */
export function encodeFernetKey(key: Uint8Array): string {
  return encodePaddedBase64Url(requireFernetKey(key));
}

/** Reads the text form of a Fernet key. @throws CryptoError ERR_ENCODING, ERR_KEY_LENGTH */
export function decodeFernetKey(text: string): Buffer {
  const key = decodePaddedBase64Url(text);
  requireFernetKey(key);
  return key;
}

/** As `sealFernet`, without base64 and with a given IV, which must never be used twice under one key. */
export function sealFernetBytes(key: Uint8Array, plaintext: Uint8Array, now: number, iv: Uint8Array): Buffer {
  const { signing, encryption } = split(key);
  if (!Number.isFinite(now) || now < 0) throw new CryptoError('ERR_ARGUMENT', `now must be seconds, got ${now}`);
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header.writeBigUInt64BE(BigInt(Math.floor(now)), 1);
  header.set(iv, HEADER_BYTES - FERNET_IV_BYTES);
  const cipher = createCipheriv('aes-128-cbc', encryption, iv);
  const signed = Buffer.concat([header, cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([signed, createHmac('sha256', signing).update(signed).digest()]);
}

/** As `openFernet`, without base64. The order is fixed: HMAC, then age, then padding, so that nothing can be probed. */
export function openFernetBytes(
  keys: readonly Uint8Array[],
  token: Uint8Array,
  age?: FernetAge,
): { plaintext: Buffer; createdAt: number } {
  const ring = keys.map(split);
  const blocks = (token.length - HEADER_BYTES - HMAC_BYTES) / BLOCK_BYTES;
  if (token[0] !== VERSION || !Number.isInteger(blocks) || blocks < 1) throw openFailed();

  const signed = token.subarray(0, -HMAC_BYTES);
  const mac = token.subarray(-HMAC_BYTES);
  const key = ring.find(({ signing }) => constantTimeEqual(createHmac('sha256', signing).update(signed).digest(), mac));
  if (key === undefined) throw openFailed();

  const createdAt = Number(Buffer.from(token.subarray(1, 9)).readBigUInt64BE());
  if (age !== undefined && !isInAge(createdAt, age)) throw openFailed();

  const decipher = createDecipheriv(
    'aes-128-cbc',
    key.encryption,
    token.subarray(HEADER_BYTES - FERNET_IV_BYTES, HEADER_BYTES),
  );
  try {
    const plaintext = Buffer.concat([decipher.update(signed.subarray(HEADER_BYTES)), decipher.final()]);
    return { plaintext, createdAt };
  } catch {
    throw openFailed();
  }
}

// Written so that a NaN refuses.
function isInAge(createdAt: number, { now, maxAgeSeconds }: FernetAge): boolean {
  return createdAt + maxAgeSeconds >= now && createdAt <= now + MAX_CLOCK_SKEW_SECONDS;
}

function decodeToken(token: string): Buffer {
  try {
    return decodePaddedBase64Url(token);
  } catch {
    throw openFailed();
  }
}

function ringOf(keys: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  const ring = keys instanceof Uint8Array ? [keys] : keys;
  if (ring.length >= 1 && ring.length <= MAX_KEYS) return ring;
  throw new CryptoError('ERR_ARGUMENT', `keys must be from 1 to ${MAX_KEYS}, got ${ring.length}`);
}

function split(key: Uint8Array) {
  requireFernetKey(key);
  return { signing: createSecretKey(key.subarray(0, 16)), encryption: createSecretKey(key.subarray(16)) };
}

function requireFernetKey(key: Uint8Array): Uint8Array {
  if (key.length === KEY_BYTES) return key;
  throw new CryptoError('ERR_KEY_LENGTH', `Fernet key must be ${KEY_BYTES} bytes, got ${key.length}`);
}
