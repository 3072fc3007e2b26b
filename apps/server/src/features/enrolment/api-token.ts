import { crc32 } from 'node:zlib';
import { randomBytes } from '@bulwark/crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 characters of base 62 hold 256 bits. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

/**
 * An agent's API token: `bw_a_`, 43 random characters, and the CRC-32 of all before, so that a scanner for leaked
 * secrets can tell one offline (the format of GitHub's tokens).
 */
export function createApiToken(): string {
  const body = `bw_a_${randomBase62(SECRET_LENGTH)}`;
  return body + base62(crc32(body));
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    // 248 is the largest multiple of 62 in a byte; what lies above would make some characters likelier.
    for (const byte of randomBytes(64)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}

function base62(value: number): string {
  let text = '';
  for (let rest = value; text.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62)) text = ALPHABET[rest % 62] + text;
  return text;
}
