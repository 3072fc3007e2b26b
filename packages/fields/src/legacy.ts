import { CryptoError, openFernet } from '@bulwark/crypto';

/**
 * Reads what a column held before it was encrypted here.
 *
 * - `clear`: plain text; taken for it only while the column is in a recorded migration, since anybody who can write the
 *   database could otherwise put plain text there.
 * - `opens`: ciphertext of another library; genuine by its own means.
 * - `keeps`: values that are no secret of the field's kind, and stay as they are: hashes.
 */
export type LegacyReader =
  | { readonly kind: 'clear' }
  | { readonly kind: 'opens'; readonly name: string; open(stored: string): Buffer | undefined }
  | { readonly kind: 'keeps'; readonly name: string; matches(stored: string): boolean };

/** Plain text, while the column is being encrypted in place. */
export function plainText(): LegacyReader {
  return { kind: 'clear' };
}

/**
 * Fernet tokens of an earlier system.
 *
 * @param keys 32 bytes each, up to 16, tried in this order.
 * @param maxAgeSeconds Older tokens do not open. Without it they never expire.
 */
export function fernet(
  keys: readonly Uint8Array[],
  { maxAgeSeconds, now = Date.now }: { maxAgeSeconds?: number; now?: () => number } = {},
): LegacyReader {
  return {
    kind: 'opens',
    name: 'fernet',
    open(stored) {
      // Every token begins with version 0x80 and, until 2106, with a time below 2^32: gAAAAA in base64.
      if (!stored.startsWith('gAAAAA')) return undefined;
      const age = maxAgeSeconds === undefined ? undefined : { maxAgeSeconds, now: Math.floor(now() / 1000) };
      try {
        return openFernet(keys, stored, age);
      } catch (error) {
        // Not a token of these keys: then it may be something else that is declared, and otherwise fails as a whole.
        if (error instanceof CryptoError && error.code === 'ERR_OPEN_FAILED') return undefined;
        throw error;
      }
    },
  };
}

/** bcrypt hashes: they are not reversible and need no encryption, so they are left alone. */
export function bcryptHash(): LegacyReader {
  return { kind: 'keeps', name: 'bcrypt', matches: (stored) => /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/.test(stored) };
}
