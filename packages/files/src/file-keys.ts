import { createSecretKey, type KeyObject } from 'node:crypto';
import { CryptoError, constantTimeEqual, hkdfExpand } from '@bulwark/crypto';
import { FilesError } from './errors.ts';

/** Length of a key id: 144 bits, as in sealed fields. */
export const KID_BYTES = 18;

const KEY_BYTES = 32;

/** A key that seals files, and its id. */
export interface FileKey {
  /** 18 bytes, not secret. Follows from the key, and so also proves which key it is. */
  readonly kid: Uint8Array;
  /** 32 bytes: the input key of Cobblestone-256 messages. */
  readonly messageKey: KeyObject;
}

/** Where file keys come from: a keyring, or `localFileKeys`. What it throws reaches the caller as it is. */
export interface FileKeys {
  /** The key to seal with under a name: its newest active version. */
  sealing(name: string): Promise<FileKey>;
  /** The key with an id, of any version that may still open; `undefined` when it is not one of these. */
  opening(kid: Uint8Array): Promise<FileKey | undefined>;
}

/**
 * The file key of a scope key, as a keyring keeps them: key ‖ kid = HKDF-Expand-SHA512(scope key, "bw1/msg", 50).
 * One block, so nobody finds another scope key that gives a kid they are shown.
 *
 * @param scopeKey 32 bytes, uniformly random.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function deriveFileKey(scopeKey: Uint8Array): FileKey {
  return expandFileKey(scopeKey, 'bw1/msg');
}

/** As `deriveFileKey`, for the random key of one file that its recipients share. */
export function expandFileKey(secret: Uint8Array, label: 'bw1/msg' | 'bw1/file'): FileKey {
  if (secret.length !== KEY_BYTES) {
    throw new CryptoError('ERR_KEY_LENGTH', `key must be ${KEY_BYTES} bytes, got ${secret.length}`);
  }
  const derived = hkdfExpand('sha512', secret, Buffer.from(label), KEY_BYTES + KID_BYTES);
  const messageKey = createSecretKey(derived.subarray(0, KEY_BYTES));
  const kid = Buffer.from(derived.subarray(KEY_BYTES));
  derived.fill(0);
  return { kid, messageKey };
}

/**
 * File keys from 32-byte keys in memory, by name.
 *
 * @param scopeKeys A key, or its versions, oldest first: the last one seals, all of them open.
 * @throws CryptoError ERR_KEY_LENGTH
 */
export function localFileKeys(scopeKeys: Readonly<Record<string, Uint8Array | readonly Uint8Array[]>>): FileKeys {
  const versions = new Map(
    Object.entries(scopeKeys).map(([name, keys]) => [
      name,
      (keys instanceof Uint8Array ? [keys] : keys).map(deriveFileKey),
    ]),
  );
  return {
    async sealing(name) {
      const key = versions.get(name)?.at(-1);
      if (key === undefined) throw new FilesError('ERR_KEY_UNKNOWN', `there is no key named ${JSON.stringify(name)}`);
      return key;
    },
    async opening(kid) {
      return [...versions.values()].flat().find((key) => constantTimeEqual(key.kid, kid));
    },
  };
}

/** The key with an id, if the source has it. A key with another id than was asked for is none. */
export async function findOpeningKey(keys: FileKeys | undefined, kid: Uint8Array): Promise<FileKey | undefined> {
  const key = await keys?.opening(kid);
  return key !== undefined && constantTimeEqual(key.kid, kid) ? key : undefined;
}
