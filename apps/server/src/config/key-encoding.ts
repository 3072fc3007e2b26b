import { randomBytes } from 'node:crypto';

/** Bytes of every key in the configuration. */
export const KEY_BYTES = 32;

/**
 * Reads a 32-byte key from base64, base64url or hexadecimal text. Only the canonical text of a key is taken: a cut or
 * mistyped one mostly decodes to something too, and would encrypt under a key that nobody has written down.
 *
 * @returns undefined when it is none of them.
 */
export function parseKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  for (const encoding of ['base64', 'base64url'] as const) {
    const bytes = Buffer.from(text, encoding);
    const canonical = bytes.toString(encoding);
    if (bytes.length === KEY_BYTES && (text === canonical || text === `${canonical}=`)) return bytes;
  }
  return undefined;
}

/** A new random key as standard base64, 44 characters. */
export function generateKeyText(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}
