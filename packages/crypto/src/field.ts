import { decodeBase64Url, encodeBase64Url } from './base64.ts';
import { associatedDataOf, type Cell } from './cell.ts';
import { constantTimeEqual } from './equal.ts';
import { CryptoError } from './errors.ts';
import { FIELD_SUITES, type FieldCipher, type FieldSuite, fieldSuiteOf } from './field-suite.ts';
import { hkdfExpand } from './hkdf.ts';
import { pad, unpad } from './padding.ts';
import { KEY_BYTES } from './symmetric-key.ts';

// The BW1 envelope: 0xFD ‖ suite (1) ‖ flags (1) ‖ kid (18) ‖ body of the suite. All of it is a stored format.

/** First byte of every sealed field. Never the first byte of UTF-8 text, nor of the formats we read besides. */
const MARK = 0xfd;
const KID_BYTES = 18;
const HEADER_BYTES = 3 + KID_BYTES;
const TEXT_PREFIX = 'bw1:';

// Flag bits 0 and 1 say what the value is bound to, bit 3 that it is padded; all others are reserved and must be zero.
const BINDING_COLUMN = 1;
const BINDING_ROW = 2;
const PADDED = 0x08;

/** A key for fields, made by `deriveFieldKey`. */
export interface FieldKey {
  /** 18 bytes, not secret. Follows from the key, and so also proves which key it is. */
  readonly kid: Buffer;
  readonly suite: FieldSuite;
  /** Opaque: use `sealField` and `openField`. */
  readonly cipher: FieldCipher;
}

/** How a field is sealed, beside its key's suite. */
export interface SealFieldOptions {
  /** Hide how long the value is, up to a factor of √2: for names, answers and other short text. */
  readonly pad?: boolean;
}

/**
 * Derives the key that seals fields of one scope, and its id, from the scope's key.
 *
 * Key ‖ kid = HKDF-Expand-SHA512(scope key, "bw1/enc/" ‖ suite byte, 50): one block, so nobody finds another
 * scope key that gives a kid they are shown. Do it once and keep the result; it costs more than a seal.
 *
 * @param scopeKey 32 bytes, uniformly random.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function deriveFieldKey(scopeKey: Uint8Array, suite: FieldSuite = 'XAES-256-GCM'): FieldKey {
  if (scopeKey.length !== KEY_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `scopeKey must be ${KEY_BYTES} bytes, got ${scopeKey.length}`);
  }
  const { id, cipher } = FIELD_SUITES[suite];
  const info = Buffer.concat([Buffer.from('bw1/enc/'), Uint8Array.of(id)]);
  const derived = hkdfExpand('sha512', scopeKey, info, KEY_BYTES + KID_BYTES);
  const key: FieldKey = {
    kid: Buffer.from(derived.subarray(KEY_BYTES)),
    suite,
    cipher: cipher(derived.subarray(0, KEY_BYTES)),
  };
  derived.fill(0);
  return key;
}

/**
 * Seals the value of one cell.
 *
 * @returns With the default suite, 61 bytes more than the plaintext.
 * @throws CryptoError ERR_ARGUMENT (a name of the cell is not well-formed text, or a row is given to `XAES-DET`)
 */
export function sealField(
  key: FieldKey,
  cell: Cell,
  plaintext: Uint8Array,
  { pad: isPadded = false }: SealFieldOptions = {},
): Buffer {
  const { id, bindsRow } = FIELD_SUITES[key.suite];
  if (cell.row !== undefined && !bindsRow) {
    throw new CryptoError('ERR_ARGUMENT', `cell.row must be undefined with ${key.suite}: equal values would differ`);
  }
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header[0] = MARK;
  header[1] = id;
  header[2] = isPadded ? bindingOf(cell) | PADDED : bindingOf(cell);
  header.set(key.kid, 3);
  return key.cipher.seal(header, isPadded ? pad(plaintext) : plaintext, associatedDataOf(header, cell));
}

/**
 * Opens the value of one cell. The key is looked up by id; no other key is tried.
 *
 * @param keys Finds the key with a kid, or `undefined`.
 * @throws CryptoError ERR_NOT_SEALED, ERR_SEALED_FORMAT, ERR_BINDING, ERR_KEY_UNKNOWN: known from the header alone;
 *   ERR_OPEN_FAILED
 */
export function openField(keys: (kid: Uint8Array) => FieldKey | undefined, cell: Cell, sealed: Uint8Array): Buffer {
  if (!isSealedField(sealed))
    throw new CryptoError('ERR_NOT_SEALED', 'value does not carry the mark of a sealed field');
  const header = sealed.subarray(0, HEADER_BYTES);
  const suite = fieldSuiteOf(header[1]);
  const isPadded = ((header[2] ?? 0) & PADDED) !== 0;
  const binding = (header[2] ?? 0) & ~PADDED;
  if (suite === undefined || binding > BINDING_ROW || sealed.length < HEADER_BYTES + FIELD_SUITES[suite].minBodyBytes) {
    throw new CryptoError('ERR_SEALED_FORMAT', 'sealed field has an unknown suite or flag, or is too short');
  }
  // Equal, not "at least": a lesser binding is a downgrade, and for a stronger one the row is missing here.
  if (binding !== bindingOf(cell))
    throw new CryptoError('ERR_BINDING', 'sealed field has another binding than its cell');

  const kid = header.subarray(3);
  const key = keys(kid);
  if (key === undefined || key.suite !== suite || !constantTimeEqual(key.kid, kid)) {
    throw new CryptoError('ERR_KEY_UNKNOWN', 'no key with the id that the sealed field names');
  }
  const plaintext = key.cipher.open(sealed, HEADER_BYTES, associatedDataOf(header, cell));
  return isPadded ? unpad(plaintext) : plaintext;
}

/** Whether bytes carry the mark of a sealed field. Says nothing about whether they open. */
export function isSealedField(bytes: Uint8Array): boolean {
  return bytes[0] === MARK;
}

/** The id of the key that sealed a field; 18 bytes. @throws CryptoError ERR_NOT_SEALED, ERR_SEALED_FORMAT */
export function fieldKeyId(sealed: Uint8Array): Uint8Array {
  if (!isSealedField(sealed))
    throw new CryptoError('ERR_NOT_SEALED', 'value does not carry the mark of a sealed field');
  if (sealed.length < HEADER_BYTES)
    throw new CryptoError('ERR_SEALED_FORMAT', 'sealed field is shorter than its header');
  return sealed.subarray(3, HEADER_BYTES);
}

/**
 * A sealed field as text: `bw1:` and base64url. The kid is always characters 9 to 32, counted from 1, so SQL
 * can find values under old keys without opening them.
 */
export function encodeFieldText(sealed: Uint8Array): string {
  return TEXT_PREFIX + encodeBase64Url(sealed);
}

/** The bytes of a sealed field's text form. @throws CryptoError ERR_NOT_SEALED, ERR_SEALED_FORMAT */
export function decodeFieldText(text: string): Buffer {
  if (!text.startsWith(TEXT_PREFIX)) throw new CryptoError('ERR_NOT_SEALED', `text does not start with ${TEXT_PREFIX}`);
  try {
    return decodeBase64Url(text.slice(TEXT_PREFIX.length));
  } catch {
    throw new CryptoError('ERR_SEALED_FORMAT', 'sealed field is not canonical base64url');
  }
}

function bindingOf(cell: Cell): number {
  return cell.row === undefined ? BINDING_COLUMN : BINDING_ROW;
}
