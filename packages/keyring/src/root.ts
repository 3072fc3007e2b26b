import { constantTimeEqual, hkdf, open, seal } from '@bulwark/crypto';
import { KeyringError } from './errors.ts';

/**
 * Whoever holds the root key: it wraps the keys that the store keeps, and never is in the store itself. Local here; a
 * KMS or an HSM answers to the same three members.
 */
export interface RootProvider {
  /** Names the root key without telling anything of it; kept with each record that it wrapped. */
  readonly id: string;
  /** @param context Authenticated, not stored: `unwrap` must be given the same bytes. */
  wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** @throws KeyringError ERR_ROOT_KEY_WRONG */
  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Buffer>;
}

const ROOT_KEY_BYTES = 32;

/**
 * A root key held in memory, from a file, the environment or a configuration.
 *
 * Wrapping is AES-256-GCM under a key derived for nothing else (HKDF-SHA512, RFC 5869), so that the identifier and
 * later uses never share it.
 *
 * @param rootKey 32 bytes.
 * @throws KeyringError ERR_ROOT_KEY_FORMAT
 */
export function localRoot(rootKey: Uint8Array): RootProvider {
  if (rootKey.length !== ROOT_KEY_BYTES) {
    throw new KeyringError('ERR_ROOT_KEY_FORMAT', `a root key is ${ROOT_KEY_BYTES} bytes, got ${rootKey.length}`);
  }
  const derive = (purpose: string, bytes: number) =>
    hkdf('sha512', rootKey, Buffer.alloc(0), Buffer.from(purpose), bytes);
  const wrappingKey = derive('bw1/root/wrap', 32);
  return {
    id: `local:${derive('bw1/root/id', 16).toString('hex')}`,
    async wrap(key, context) {
      return seal(wrappingKey, key, context);
    },
    async unwrap(wrapped, context) {
      try {
        return open(wrappingKey, wrapped, context);
      } catch (cause) {
        throw new KeyringError('ERR_ROOT_KEY_WRONG', 'the root key does not open this key record', { cause });
      }
    },
  };
}

/** True where both name the same root key. */
export function isSameRoot(a: string, b: string): boolean {
  return constantTimeEqual(Buffer.from(a), Buffer.from(b));
}
