import { CryptoError } from './errors.ts';

/** Encodes bytes as base64url without padding (RFC 4648, section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return view(bytes).toString('base64url');
}

/**
 * Decodes base64url, accepting only what `encodeBase64Url` writes: no padding, no spaces, no stray last bits.
 *
 * @throws CryptoError ERR_ENCODING; the text is not echoed.
 */
export function decodeBase64Url(text: string): Buffer {
  return decodeCanonical(text, 'base64url');
}

/** Encodes bytes as base64url with padding, as Fernet and Python's `urlsafe_b64encode` do. */
export function encodePaddedBase64Url(bytes: Uint8Array): string {
  const text = encodeBase64Url(bytes);
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/**
 * Decodes base64url, accepting only what `encodePaddedBase64Url` writes.
 *
 * @throws CryptoError ERR_ENCODING; the text is not echoed.
 */
export function decodePaddedBase64Url(text: string): Buffer {
  const bytes = decodeBase64Url(text.replace(/={1,2}$/, ''));
  if (encodePaddedBase64Url(bytes) !== text) throw new CryptoError('ERR_ENCODING', 'text is not padded base64url');
  return bytes;
}

/** Encodes bytes as standard base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/**
 * Decodes standard base64, accepting only what `encodeBase64` writes: padded, no spaces, no stray last bits.
 *
 * @throws CryptoError ERR_ENCODING; the text is not echoed.
 */
export function decodeBase64(text: string): Buffer {
  return decodeCanonical(text, 'base64');
}

// Buffer.from never fails: it skips what it does not know. Writing the result again and comparing is
// what makes the decoder strict, and leaves exactly one text for any bytes.
function decodeCanonical(text: string, encoding: 'base64' | 'base64url'): Buffer {
  const bytes = Buffer.from(text, encoding);
  if (bytes.toString(encoding) !== text) throw new CryptoError('ERR_ENCODING', `text is not canonical ${encoding}`);
  return bytes;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
