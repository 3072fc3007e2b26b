import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  agreementPublicKey,
  deriveFieldKey,
  encodeBase64Url,
  type FieldKey,
  type FieldSuite,
  generateAgreementKeyPair,
  generateKey,
  hkdfExpand,
} from '@bulwark/crypto';
import type { KeyKind } from './key-document.ts';

const KID_BYTES = 18;
const MAC_KEY_BYTES = 32;

/** The material of one version with all that follows from it. */
export interface KeyMaterial {
  /** 32 bytes; all zero once erased. Not to be kept beyond the call that it was handed to. */
  readonly secret: Buffer;
  /** base64url. */
  readonly kid: string;
  /** Authenticates the key's document and uses. */
  readonly macKey: KeyObject;
  /** For kind `data`. */
  readonly fieldKey: FieldKey | null;
  /** For kind `index`: the secret as an object, by which `blindIndex` knows the keys that it has derived already. */
  readonly indexKey: KeyObject | null;
  /** For kind `vault`: base64url. */
  readonly publicKey: string | null;
}

/** Fresh random material: 32 bytes, which for a vault are an X25519 private key. */
export function generateMaterial(kind: KeyKind): Buffer {
  return kind === 'vault' ? generateAgreementKeyPair().privateKey : generateKey();
}

/**
 * Derives what a version needs from its 32 bytes. The derived keys have labels of their own, so that no two uses share
 * a key.
 *
 * @param secret Taken over: `eraseMaterial` zeroes it.
 */
export function deriveMaterial(kind: KeyKind, suite: FieldSuite | null, secret: Buffer): KeyMaterial {
  const fieldKey = kind === 'data' ? deriveFieldKey(secret, suite ?? undefined) : null;
  const publicKey = kind === 'vault' ? agreementPublicKey(secret) : null;
  const kid = fieldKey?.kid ?? hkdfExpand('sha512', secret, Buffer.from(`bw1/kid/${kind}`), KID_BYTES);
  const macKey = hkdfExpand('sha512', secret, Buffer.from('bw1/meta'), MAC_KEY_BYTES);
  const material: KeyMaterial = {
    secret,
    kid: encodeBase64Url(kid),
    macKey: createSecretKey(macKey),
    fieldKey,
    indexKey: kind === 'index' ? createSecretKey(secret) : null,
    publicKey: publicKey && encodeBase64Url(publicKey),
  };
  macKey.fill(0);
  return material;
}

/**
 * Zeroes what can be zeroed. What OpenSSL holds, the derived keys and those of indexes, goes when it is collected, and
 * copies that the runtime made are beyond reach.
 */
export function eraseMaterial(materials: Iterable<KeyMaterial>): void {
  for (const { secret } of materials) secret.fill(0);
}
