import { decodeBase64, decodeBase64Url } from '@bulwark/crypto';
import { KeyringError } from '../errors.ts';

/** How people make a root key; every message about a bad one says so. */
export const HOW_TO_GENERATE = 'generate one with: openssl rand -base64 32';

const ROOT_KEY_BYTES = 32;
const HEX = /^(?:[0-9a-f]{2})+$|^(?:[0-9A-F]{2})+$/;

/**
 * Reads a root key from text: base64, base64url without padding, or hex. Space around it is not part of it.
 *
 * @param source Names where the text is from. The text itself is in no message.
 * @returns 32 bytes, for the caller to erase.
 * @throws KeyringError ERR_ROOT_KEY_MISSING (nothing but space), ERR_ROOT_KEY_ENCODING, ERR_ROOT_KEY_FORMAT (length)
 */
export function parseRootKey(text: string, source: string): Buffer {
  const trimmed = text.trim();
  if (trimmed === '') throw new KeyringError('ERR_ROOT_KEY_MISSING', `${source} is empty; ${HOW_TO_GENERATE}`);
  const key = decode(trimmed);
  if (key === undefined) {
    throw new KeyringError('ERR_ROOT_KEY_ENCODING', `${source} is neither base64 nor hex; ${HOW_TO_GENERATE}`);
  }
  if (key.length !== ROOT_KEY_BYTES) {
    const message = `${source} must be a key of ${ROOT_KEY_BYTES} bytes, is ${key.length}; ${HOW_TO_GENERATE}`;
    throw new KeyringError('ERR_ROOT_KEY_FORMAT', message);
  }
  return key;
}

function decode(text: string): Buffer | undefined {
  // First, since 64 hex digits are base64 of 48 bytes as well, and no key has 48.
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  try {
    return /[-_]/.test(text) || text.length % 4 !== 0 ? decodeBase64Url(text) : decodeBase64(text);
  } catch {
    return undefined;
  }
}
