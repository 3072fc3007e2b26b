import { deriveBoxKeyPair, hkdf } from '@bulwark/crypto';

/**
 * The server's ingest key (X25519, private half): of the configured `encryption_key` and of a secret that only the
 * database holds, wrapped. Packages may carry the configured key, so it alone must not open any agent's frames.
 */
export function deriveIngestKey(encryptionKey: Uint8Array, ingestSecret: Uint8Array): Buffer {
  const seed = hkdf('sha512', encryptionKey, ingestSecret, Buffer.from('bw1/ingest-key'), 32);
  return deriveBoxKeyPair(seed).privateKey;
}
