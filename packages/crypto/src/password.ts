import { constantTimeEqual } from './equal.ts';
import { CryptoError } from './errors.ts';
import { MAX_PASSWORD_BYTES, passwordBytes } from './password-bytes.ts';
import { type Argon2Cost, argon2id, isArgon2Affordable } from './password-kdf.ts';
import { decodePhcBase64, encodePhcBase64, parsePhcParameters } from './phc.ts';
import { randomBytes } from './random.ts';

/** Cost of one Argon2id hash. All of it is recorded in the hash. */
export type PasswordParameters = Argon2Cost;

// The memory and passes of RFC 9106's second recommended option, above OWASP's minimum of 19 MiB and 2 passes.
// One lane, since sign-ins already run beside each other in Node's four threads. A quarter of a second each on a
// small server core: a person hardly notices, and four at once take 256 MiB.
const DEFAULT: PasswordParameters = { memoryKiB: 65_536, passes: 3, parallelism: 1 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;

// $argon2id$v=19$m=65536,t=3,p=1$salt$hash. Salts of 8 to 48 bytes and hashes of 16 to 64, so that hashes of other
// programs can be taken over.
const PHC_FORM = /^\$argon2id\$v=19\$([^$]+)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/;

/**
 * Hashes a password with Argon2id and a fresh 16-byte salt, on a thread of Node's pool.
 *
 * @param password Taken in Unicode form NFKC, so that it is the same from every keyboard; up to 4096 bytes then.
 * @returns A PHC string: `$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>`.
 * @throws CryptoError ERR_ARGUMENT
 */
export async function hashPassword(password: string, parameters: PasswordParameters = DEFAULT): Promise<string> {
  requireAffordable(parameters, 'ERR_ARGUMENT');
  const message = passwordBytes(password);
  if (message === undefined) {
    throw new CryptoError('ERR_ARGUMENT', `password must be well-formed text of up to ${MAX_PASSWORD_BYTES} bytes`);
  }
  const salt = randomBytes(SALT_BYTES);
  const hash = await argon2id(message, salt, parameters, HASH_BYTES);
  const { memoryKiB, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${encodePhcBase64(salt)}$${encodePhcBase64(hash)}`;
}

/**
 * Whether a password has this hash. A password that `hashPassword` would refuse has none.
 *
 * @param hash PHC string of Argon2id version 19, asking for at most 1 GiB, 16 passes and 16 lanes.
 * @throws CryptoError ERR_PASSWORD_HASH
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const stored = parse(hash);
  const message = passwordBytes(password);
  if (message === undefined) return false;
  return constantTimeEqual(await argon2id(message, stored.salt, stored.parameters, stored.hash.length), stored.hash);
}

/**
 * Whether a hash was made with other parameters than today's default: hash again after the next successful sign-in.
 *
 * @throws CryptoError ERR_PASSWORD_HASH
 */
export function needsRehash(hash: string, wanted: PasswordParameters = DEFAULT): boolean {
  const { parameters, salt, hash: bytes } = parse(hash);
  return (
    parameters.memoryKiB !== wanted.memoryKiB ||
    parameters.passes !== wanted.passes ||
    parameters.parallelism !== wanted.parallelism ||
    salt.length !== SALT_BYTES ||
    bytes.length !== HASH_BYTES
  );
}

function parse(text: string) {
  const [, costText = '', saltText = '', hashText = ''] = PHC_FORM.exec(text) ?? [];
  const [salt, hash] = [decodePhcBase64(saltText), decodePhcBase64(hashText)];
  const cost = parsePhcParameters(costText, ['m', 't', 'p']);
  if (cost === undefined || salt === undefined || hash === undefined) {
    throw new CryptoError('ERR_PASSWORD_HASH', 'hash is not a PHC string of Argon2id, v=19');
  }
  const parameters = { memoryKiB: cost.m, passes: cost.t, parallelism: cost.p };
  requireAffordable(parameters, 'ERR_PASSWORD_HASH');
  return { parameters, salt, hash };
}

// Whoever can write to the table of hashes must not be able to order 4 GiB per sign-in.
function requireAffordable(parameters: PasswordParameters, code: 'ERR_ARGUMENT' | 'ERR_PASSWORD_HASH'): void {
  if (isArgon2Affordable(parameters)) return;
  throw new CryptoError(code, 'hash must take from 8 KiB a lane to 1 GiB, from 1 to 16 passes and from 1 to 16 lanes');
}
