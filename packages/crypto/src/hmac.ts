import { createHmac, type KeyObject } from 'node:crypto';

/** Hash functions of HKDF and HMAC here. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** With SHA-1, for published vectors and what others once stored; nothing new is made with it. */
export type AnyHashName = HashName | 'sha1';

/** Output length of each hash, in bytes. */
export const HASH_BYTES: Readonly<Record<AnyHashName, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** HMAC (RFC 2104) of the parts joined as they are: give it parts whose boundaries are known, or `pae`. */
export function hmac(hash: AnyHashName, key: KeyObject, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
