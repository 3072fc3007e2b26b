import { decodeBase64, decodeBase64Url } from '@bulwark/crypto';

const KEY_BYTES = 32;

/** A key as people write one: base64, base64url or hex of 32 bytes; undefined for anything else. */
export function parseKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  for (const decode of [decodeBase64, decodeBase64Url]) {
    try {
      const bytes = decode(text);
      if (bytes.length === KEY_BYTES) return bytes;
    } catch {
      // not in this form
    }
  }
  return undefined;
}
