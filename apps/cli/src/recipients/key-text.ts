import { hash } from 'node:crypto';
import { constantTimeEqual, decodeBase64Url, encodeBase64Url, pae } from '@bulwark/crypto';

/** What is sealed to: X25519, or MLKEM768-X25519 for what must outlast quantum computers. */
export const BOX_KINDS = ['x25519', 'hybrid'] as const;
export type BoxKind = (typeof BOX_KINDS)[number];

/** What a key pair is for: to be sealed to, or to sign with. */
export type PairKind = BoxKind | 'ed25519';

// MARK.KIND.BODY, the body base64url of key ‖ check (4). A public key with a slip of the pen would be some other key, or
// nobody's: what is sealed to it would be lost. Stored format.
const CHECK_BYTES = 4;
const KEY_BYTES: Readonly<Record<'bwpub1' | 'bwkey1', Readonly<Record<PairKind, number>>>> = {
  bwpub1: { x25519: 32, hybrid: 1216, ed25519: 32 },
  bwkey1: { x25519: 32, hybrid: 32, ed25519: 32 },
};

/** A key as text. @param mark `bwpub1` for a public key, `bwkey1` for a private one */
export function encodeKeyText(mark: 'bwpub1' | 'bwkey1', kind: PairKind, key: Uint8Array): string {
  return `${mark}.${kind}.${encodeBase64Url(Buffer.concat([key, checkOf(mark, kind, key)]))}`;
}

/** Reads what `encodeKeyText` wrote; undefined where it is not that, or not whole. */
export function decodeKeyText(mark: 'bwpub1' | 'bwkey1', text: string): { kind: PairKind; bytes: Buffer } | undefined {
  const [, kind, body = ''] = /^\w+\.(\w+)\.([\w-]+)$/.exec(text) ?? [];
  if (!text.startsWith(`${mark}.`) || !isPairKind(kind)) return undefined;
  let content: Buffer;
  try {
    content = decodeBase64Url(body);
  } catch {
    return undefined;
  }
  const bytes = content.subarray(0, -CHECK_BYTES);
  if (bytes.length !== KEY_BYTES[mark][kind]) return undefined;
  return constantTimeEqual(content.subarray(-CHECK_BYTES), checkOf(mark, kind, bytes)) ? { kind, bytes } : undefined;
}

function isPairKind(kind: string | undefined): kind is PairKind {
  return kind !== undefined && Object.hasOwn(KEY_BYTES.bwpub1, kind);
}

function checkOf(mark: string, kind: string, key: Uint8Array): Buffer {
  return hash('sha256', pae('bw1/key-text', mark, kind, key), 'buffer').subarray(0, CHECK_BYTES);
}
