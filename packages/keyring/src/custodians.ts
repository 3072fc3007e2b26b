import { hash } from 'node:crypto';
import { constantTimeEqual, decodeBase64Url, encodeBase64Url, pae } from '@bulwark/crypto';
import { combine, split } from 'shamir-secret-sharing';
import { KeyringError } from './errors.ts';

/** What a backup says of its shares; none of it helps to open it. */
export interface SplitFacts {
  readonly threshold: number;
  /** base64url, SHA-256: tells which of the shares that are brought is not of this backup, or was mistyped. */
  readonly digests: readonly string[];
}

// A share as text: the mark, then base64url of backup id (16) ‖ share (33: 32 and its abscissa) ‖ check (4).
const MARK = 'bwshare1.';
const ID_BYTES = 16;
const SHARE_BYTES = 33;
const CHECK_BYTES = 4;

/**
 * Splits a key so that any `threshold` of the shares give it back, and fewer say nothing of it (Shamir's scheme over
 * GF(2^8), from a library that was audited).
 *
 * @param id 16 bytes: which backup the shares are of.
 * @param key 32 bytes.
 * @throws KeyringError ERR_ARGUMENT
 */
export async function splitAmong(
  id: Uint8Array,
  key: Uint8Array,
  { shares, threshold }: { readonly shares: number; readonly threshold: number },
): Promise<{ shares: string[]; facts: SplitFacts }> {
  const isInRange = (value: number) => Number.isInteger(value) && value >= 2 && value <= 255;
  if (!isInRange(shares) || !isInRange(threshold) || threshold > shares) {
    throw new KeyringError(
      'ERR_ARGUMENT',
      'custodians: shares and threshold must be 2 to 255, threshold not above shares',
    );
  }
  const parts = await split(Uint8Array.from(key), shares, threshold);
  const facts = { threshold, digests: parts.map((part) => digestOf(id, part)) };
  const texts = parts.map((part) => encodeShare(id, part));
  for (const part of parts) part.fill(0);
  return { shares: texts, facts };
}

/**
 * Puts a key together again. The result is only as good as the shares: what it opens has to prove that it is the key.
 *
 * @throws KeyringError ERR_BACKUP_FORMAT (not a share), ERR_BACKUP_OPEN (of another backup, or too few)
 */
export async function combineShares(
  id: Uint8Array,
  { threshold, digests }: SplitFacts,
  texts: readonly string[],
): Promise<Buffer> {
  const parts = new Map<string, Buffer>();
  for (const [index, text] of texts.entries()) {
    const share = decodeShare(text.trim(), index + 1);
    const digest = digestOf(id, share.part);
    if (!constantTimeEqual(share.id, id) || !digests.includes(digest)) {
      throw new KeyringError('ERR_BACKUP_OPEN', `share ${index + 1} is not of this backup`);
    }
    parts.set(digest, share.part);
  }
  if (parts.size < threshold) {
    throw new KeyringError('ERR_BACKUP_OPEN', `${threshold} different shares are needed, got ${parts.size}`);
  }
  return Buffer.from(await combine([...parts.values()].map((part) => Uint8Array.from(part))));
}

function encodeShare(id: Uint8Array, part: Uint8Array): string {
  const body = Buffer.concat([id, part]);
  return MARK + encodeBase64Url(Buffer.concat([body, checkOf(body)]));
}

function decodeShare(text: string, number: number): { id: Buffer; part: Buffer } {
  const malformed = new KeyringError('ERR_BACKUP_FORMAT', `share ${number} is not a share, or was mistyped`);
  if (!text.startsWith(MARK)) throw malformed;
  let bytes: Buffer;
  try {
    bytes = decodeBase64Url(text.slice(MARK.length));
  } catch {
    throw malformed;
  }
  const body = bytes.subarray(0, -CHECK_BYTES);
  const isWhole = bytes.length === ID_BYTES + SHARE_BYTES + CHECK_BYTES;
  if (!isWhole || !constantTimeEqual(bytes.subarray(-CHECK_BYTES), checkOf(body))) throw malformed;
  return { id: body.subarray(0, ID_BYTES), part: body.subarray(ID_BYTES) };
}

// A share is 32 random bytes and its abscissa, so its digest tells nothing of it.
function digestOf(id: Uint8Array, part: Uint8Array): string {
  return hash('sha256', pae('bw1/share', id, part), 'base64url');
}

function checkOf(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, CHECK_BYTES);
}
