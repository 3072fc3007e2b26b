import { hash } from 'node:crypto';
import { constantTimeEqual, decodeBase64Url, encodeBase64Url, pae } from '@bulwark/crypto';

/** X25519, or MLKEM768-X25519 for what must outlast quantum computers. */
export type BoxKind = 'x25519' | 'hybrid';

// MARK.KIND.BODY, the body base64url of key ‖ check (4). A public key with a slip of the pen would be some other key, or
// nobody's: what is sealed to it would be lost. Stored format.
const CHECK_BYTES = 4;
const KEY_BYTES: Readonly<Record<'bwpub1' | 'bwkey1', Readonly<Record<BoxKind, number>>>> = {
  bwpub1: { x25519: 32, hybrid: 1216 },
  bwkey1: { x25519: 32, hybrid: 32 },
};

/** A key as text. @param mark `bwpub1` for a public key, `bwkey1` for a private one */
export function encodeKeyText(mark: 'bwpub1' | 'bwkey1', kind: BoxKind, key: Uint8Array): string {
  return `${mark}.${kind}.${encodeBase64Url(Buffer.concat([key, checkOf(mark, kind, key)]))}`;
}

/** Reads what `encodeKeyText` wrote; undefined where it is not that, or not whole. */
export function decodeKeyText(mark: 'bwpub1' | 'bwkey1', text: string): { kind: BoxKind; bytes: Buffer } | undefined {
  const [, kind, body = ''] = /^\w+\.(x25519|hybrid)\.([\w-]+)$/.exec(text) ?? [];
  if (!text.startsWith(`${mark}.`) || (kind !== 'x25519' && kind !== 'hybrid')) return undefined;
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

function checkOf(mark: string, kind: string, key: Uint8Array): Buffer {
  return hash('sha256', pae('bw1/key-text', mark, kind, key), 'buffer').subarray(0, CHECK_BYTES);
}
