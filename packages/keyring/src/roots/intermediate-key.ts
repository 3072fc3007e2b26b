import { generateKey, open, seal } from '@bulwark/crypto';
import { doesNotOpen } from './root-fault.ts';

const LENGTH_BYTES = 2;

/**
 * Binds a key to its context where the root wraps bare keys and takes no associated data (RSA-OAEP, AES key wrap): the
 * root wraps a fresh intermediate key, and that seals the key together with the context.
 *
 * @param wrapKey Wraps 32 bytes; its result may have up to 65535.
 * @returns u16 length of the wrapped intermediate key ‖ that ‖ AES-256-GCM of the key.
 */
export async function sealUnderIntermediateKey(
  key: Uint8Array,
  context: Uint8Array,
  wrapKey: (intermediate: Buffer) => Promise<Uint8Array>,
): Promise<Buffer> {
  const intermediate = generateKey();
  try {
    const wrapped = await wrapKey(intermediate);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(wrapped.length);
    return Buffer.concat([length, wrapped, seal(intermediate, key, context)]);
  } finally {
    intermediate.fill(0);
  }
}

/**
 * Opens what `sealUnderIntermediateKey` returned.
 *
 * @throws KeyringError ERR_ROOT_KEY_WRONG, or what `unwrapKey` throws
 */
export async function openUnderIntermediateKey(
  sealed: Uint8Array,
  context: Uint8Array,
  unwrapKey: (wrapped: Buffer) => Promise<Uint8Array>,
): Promise<Buffer> {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < LENGTH_BYTES) throw doesNotOpen();
  const bodyAt = LENGTH_BYTES + bytes.readUInt16BE(0);
  if (bytes.length <= bodyAt) throw doesNotOpen();
  const intermediate = await unwrapKey(bytes.subarray(LENGTH_BYTES, bodyAt));
  try {
    return open(intermediate, bytes.subarray(bodyAt), context);
  } catch {
    throw doesNotOpen();
  } finally {
    intermediate.fill(0);
  }
}
