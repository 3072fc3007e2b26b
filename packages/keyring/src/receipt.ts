import { decodeBase64Url, encodeBase64Url, pae, sign, verify } from '@bulwark/crypto';
import type { KeyId } from './key-document.ts';

/** What was destroyed, when and why. It proves that it was ordered here, not that no copy was left elsewhere. */
export interface DestructionReceipt extends KeyId {
  readonly version: number;
  /** base64url. It follows from the key, so a copy that turns up later can be told to be of this key. */
  readonly kid: string;
  /** ms since the epoch. */
  readonly destroyedAt: number;
  readonly reason: string;
  /** Whether the guards were overridden. */
  readonly wasForced: boolean;
  /** The roots that the material had been wrapped to: keys of theirs open copies in backups. */
  readonly wrappedBy: readonly string[];
  /** base64url, Ed25519; null where no key for receipts is configured. */
  readonly signature: string | null;
}

/** Signs a receipt. @param privateKey Ed25519, 32 bytes; null leaves it unsigned. */
export function signReceipt(
  receipt: Omit<DestructionReceipt, 'signature'>,
  privateKey: Uint8Array | null,
): DestructionReceipt {
  return { ...receipt, signature: privateKey && encodeBase64Url(sign(privateKey, receiptBytes(receipt))) };
}

/** Whether a receipt was signed by who holds the private key. @param publicKey Ed25519, 32 bytes. */
export function verifyReceipt(receipt: DestructionReceipt, publicKey: Uint8Array): boolean {
  if (receipt.signature === null) return false;
  try {
    return verify(publicKey, receiptBytes(receipt), decodeBase64Url(receipt.signature));
  } catch {
    return false;
  }
}

function receiptBytes(r: Omit<DestructionReceipt, 'signature'>): Buffer {
  const facts = [r.scope, r.name, r.version, r.kid, r.destroyedAt, r.reason, r.wasForced, r.wrappedBy];
  return pae('bw1/destruction', JSON.stringify(facts));
}
