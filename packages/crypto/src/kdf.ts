import { CryptoError } from './errors.ts';
import { MAX_PASSWORD_BYTES, passwordBytes } from './password-bytes.ts';
import {
  type Argon2Cost,
  argon2id,
  isArgon2Affordable,
  isPbkdf2Affordable,
  isScryptAffordable,
  pbkdf2,
  type ScryptCost,
  scrypt,
} from './password-kdf.ts';
import { decodePhcBase64, encodePhcBase64, parsePhcParameters } from './phc.ts';
import { randomBytes } from './random.ts';
import { KEY_BYTES } from './symmetric-key.ts';

/** Cost of PBKDF2. */
export interface Pbkdf2Cost {
  readonly iterations: number;
}

/**
 * How a key follows from a password: everything but the password. Store it beside what the key protects.
 *
 * `argon2id` is the one to use. `scrypt` and the two PBKDF2 are for those who must: `pbkdf2-sha512` where FIPS 140
 * is asked for.
 */
export type Kdf = { readonly salt: Uint8Array } & (
  | ({ readonly algorithm: 'argon2id' } & Argon2Cost)
  | ({ readonly algorithm: 'scrypt' } & ScryptCost)
  | ({ readonly algorithm: 'pbkdf2-sha256' | 'pbkdf2-sha512' } & Pbkdf2Cost)
);

/** Names of the KDFs. */
export type KdfAlgorithm = Kdf['algorithm'];

const SALT_BYTES = 32;
const ARGON2_VERSION = 'v=19$';

/**
 * A KDF with a fresh 32-byte salt and a cost for keys that protect stored data: RFC 9106's second recommended option
 * for Argon2id, OWASP's Password Storage Cheat Sheet for the others.
 */
export function newKdf(algorithm: KdfAlgorithm = 'argon2id'): Kdf {
  const salt = randomBytes(SALT_BYTES);
  switch (algorithm) {
    case 'argon2id':
      return { algorithm, salt, memoryKiB: 65_536, passes: 3, parallelism: 4 };
    case 'scrypt':
      return { algorithm, salt, logN: 17, blockSize: 8, parallelism: 1 };
    case 'pbkdf2-sha256':
      return { algorithm, salt, iterations: 600_000 };
    case 'pbkdf2-sha512':
      return { algorithm, salt, iterations: 210_000 };
  }
}

/**
 * The 32-byte key of a password, on a thread of Node's pool.
 *
 * @param password Taken in Unicode form NFKC; up to 4096 bytes then.
 * @throws CryptoError ERR_ARGUMENT (password), ERR_KDF_RECORD (cost outside the limits)
 */
export async function deriveKey(password: string, kdf: Kdf): Promise<Buffer> {
  const bytes = passwordBytes(password);
  if (bytes === undefined) {
    throw new CryptoError('ERR_ARGUMENT', `password must be well-formed text of up to ${MAX_PASSWORD_BYTES} bytes`);
  }
  requireAffordable(kdf);
  switch (kdf.algorithm) {
    case 'argon2id':
      return argon2id(bytes, kdf.salt, kdf, KEY_BYTES);
    case 'scrypt':
      return scrypt(bytes, kdf.salt, kdf, KEY_BYTES);
    case 'pbkdf2-sha256':
      return pbkdf2('sha256', bytes, kdf.salt, kdf.iterations, KEY_BYTES);
    case 'pbkdf2-sha512':
      return pbkdf2('sha512', bytes, kdf.salt, kdf.iterations, KEY_BYTES);
  }
}

/**
 * The record of a KDF, a PHC string without a hash: `$argon2id$v=19$m=65536,t=3,p=4$<salt>`,
 * `$scrypt$ln=17,r=8,p=1$<salt>`, `$pbkdf2-sha512$i=210000$<salt>`.
 *
 * @throws CryptoError ERR_KDF_RECORD
 */
export function encodeKdf(kdf: Kdf): string {
  requireAffordable(kdf);
  return `$${kdf.algorithm}$${encodeCost(kdf)}$${encodePhcBase64(kdf.salt)}`;
}

/** Reads what `encodeKdf` writes, and nothing else. @throws CryptoError ERR_KDF_RECORD */
export function parseKdf(record: string): Kdf {
  const [, algorithm = '', cost = '', saltText = ''] = /^\$([a-z0-9-]+)\$(.+)\$([A-Za-z0-9+/]+)$/.exec(record) ?? [];
  const salt = decodePhcBase64(saltText);
  const kdf = salt && withCost(algorithm, cost, salt);
  if (kdf === undefined) throw malformed();
  requireAffordable(kdf);
  return kdf;
}

function encodeCost(kdf: Kdf): string {
  switch (kdf.algorithm) {
    case 'argon2id':
      return `${ARGON2_VERSION}m=${kdf.memoryKiB},t=${kdf.passes},p=${kdf.parallelism}`;
    case 'scrypt':
      return `ln=${kdf.logN},r=${kdf.blockSize},p=${kdf.parallelism}`;
    default:
      return `i=${kdf.iterations}`;
  }
}

function withCost(algorithm: string, text: string, salt: Buffer): Kdf | undefined {
  switch (algorithm) {
    case 'argon2id': {
      if (!text.startsWith(ARGON2_VERSION)) return undefined;
      const cost = parsePhcParameters(text.slice(ARGON2_VERSION.length), ['m', 't', 'p']);
      return cost && { algorithm, salt, memoryKiB: cost.m, passes: cost.t, parallelism: cost.p };
    }
    case 'scrypt': {
      const cost = parsePhcParameters(text, ['ln', 'r', 'p']);
      return cost && { algorithm, salt, logN: cost.ln, blockSize: cost.r, parallelism: cost.p };
    }
    case 'pbkdf2-sha256':
    case 'pbkdf2-sha512': {
      const cost = parsePhcParameters(text, ['i']);
      return cost && { algorithm, salt, iterations: cost.i };
    }
    default:
      return undefined;
  }
}

function requireAffordable(kdf: Kdf): void {
  if (!isAffordable(kdf) || kdf.salt.length < 8 || kdf.salt.length > 64) throw malformed();
}

function isAffordable(kdf: Kdf): boolean {
  switch (kdf.algorithm) {
    case 'argon2id':
      return isArgon2Affordable(kdf);
    case 'scrypt':
      return isScryptAffordable(kdf);
    default:
      return isPbkdf2Affordable(kdf.iterations);
  }
}

function malformed(): CryptoError {
  return new CryptoError('ERR_KDF_RECORD', 'KDF record is malformed, or its salt or cost is outside the limits');
}
