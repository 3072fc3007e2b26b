import { randomBytes } from '@bulwark/crypto';
import type { Key, Session, Slot } from 'graphene-pk11';
import { contextDigest } from '../context-digest.ts';
import { openUnderIntermediateKey, sealUnderIntermediateKey } from '../intermediate-key.ts';
import { doesNotOpen, misconfigured } from '../root-fault.ts';
import type { Graphene } from './library.ts';

/** How a token wraps: AES-GCM, or AES key wrap around an intermediate key. */
export type SchemeName = 'gcm' | 'key-wrap';

/** One way of wrapping inside a token. Each call has the session to itself until it settles. */
export interface WrappingScheme {
  /** First byte of what was wrapped this way; part of a stored format. */
  readonly mark: number;
  readonly name: SchemeName;
  wrap(session: Session, root: Key, key: Uint8Array, context: Uint8Array): Promise<Buffer>;
  /** @throws KeyringError ERR_ROOT_KEY_WRONG, Pkcs11Error */
  unwrap(session: Session, root: Key, wrapped: Buffer, context: Uint8Array): Promise<Buffer>;
}

const CKM_AES_GCM = 0x1087;
const CKM_AES_KEY_WRAP = 0x2109; // RFC 3394
const CKM_AES_KEY_WRAP_KWP = 0x210b; // RFC 5649; older tokens have the number 0x210a for two different paddings

const IV_BYTES = 12;
const TAG_BITS = 128;
// Above any wrapped key; libraries answer with what they used of the buffer.
const BUFFER_BYTES = 4096;

/**
 * The schemes that a token offers, the preferred one first.
 *
 * @throws KeyringError ERR_ROOT_CONFIG where it offers none, or not the one asked for
 */
export function schemesOf(slot: Slot, graphene: Graphene, wanted: SchemeName | undefined): WrappingScheme[] {
  const offered = offeredMechanisms(slot);
  const { ENCRYPT, DECRYPT, WRAP, UNWRAP } = graphene.MechanismFlag;
  const has = (mechanism: number, flags: number) => ((offered.get(mechanism) ?? 0) & flags) === flags;
  const schemes = [
    ...(has(CKM_AES_GCM, ENCRYPT | DECRYPT) ? [gcm(graphene)] : []),
    ...(has(CKM_AES_KEY_WRAP_KWP, WRAP | UNWRAP) ? [keyWrap(graphene, 2, CKM_AES_KEY_WRAP_KWP)] : []),
    ...(has(CKM_AES_KEY_WRAP, WRAP | UNWRAP) ? [keyWrap(graphene, 3, CKM_AES_KEY_WRAP)] : []),
  ];
  const preferred = schemes.find(({ name }) => wanted === undefined || name === wanted);
  if (preferred === undefined) {
    throw misconfigured(`the token offers no ${wanted ?? 'CKM_AES_GCM, CKM_AES_KEY_WRAP_KWP or CKM_AES_KEY_WRAP'}`);
  }
  return [preferred, ...schemes.filter((scheme) => scheme !== preferred)];
}

// One AES key under random 96-bit nonces is good for 2^32 wrappings (SP 800-38D, 8.3); a keyring makes a few a day.
function gcm({ AesGcm240Params }: Graphene): WrappingScheme {
  const mechanism = (iv: Buffer, context: Uint8Array) => ({
    name: CKM_AES_GCM as unknown as string, // graphene takes numbers as well, and its type of names forgets it
    params: new AesGcm240Params(iv, contextDigest(context), TAG_BITS),
  });
  return {
    mark: 1,
    name: 'gcm',
    async wrap(session, root, key, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = session.createCipher(mechanism(iv, context), root);
      const sealed = await called<Buffer>((done) => cipher.once(Buffer.from(key), Buffer.alloc(BUFFER_BYTES), done));
      return Buffer.concat([iv, sealed]);
    },
    async unwrap(session, root, wrapped, context) {
      // Tokens call these malformed calls, or take what they like of the bytes.
      if (wrapped.length < IV_BYTES + TAG_BITS / 8 || wrapped.length > BUFFER_BYTES) throw doesNotOpen();
      const decipher = session.createDecipher(mechanism(wrapped.subarray(0, IV_BYTES), context), root);
      const sealed = wrapped.subarray(IV_BYTES);
      const buffer = Buffer.alloc(BUFFER_BYTES);
      return Buffer.from(await called<Buffer>((done) => decipher.once(sealed, buffer, done)));
    },
  };
}

function keyWrap({ KeyType, ObjectClass }: Graphene, mark: number, name: number): WrappingScheme {
  const mechanism = { name: name as unknown as string, params: null };
  // Only ever in memory: the intermediate key is ours on both sides of the token.
  const template = {
    class: ObjectClass.SECRET_KEY,
    keyType: KeyType.GENERIC_SECRET,
    token: false,
    sensitive: false,
    extractable: true,
  };
  return {
    mark,
    name: 'key-wrap',
    wrap: (session, root, key, context) =>
      sealUnderIntermediateKey(key, context, async (intermediate) => {
        const object = session.create({ ...template, value: intermediate });
        try {
          return await called<Buffer>((done) => session.wrapKey(mechanism, root, object.toType<Key>(), done));
        } finally {
          object.destroy();
        }
      }),
    unwrap: (session, root, wrapped, context) =>
      openUnderIntermediateKey(wrapped, context, async (bytes) => {
        const object = await called<Key>((done) => session.unwrapKey(mechanism, root, bytes, template, done));
        try {
          return object.getAttribute({ value: null }).value as Buffer;
        } finally {
          object.destroy();
        }
      }),
  };
}

function offeredMechanisms(slot: Slot): Map<number, number> {
  const list = slot.getMechanisms();
  const offered = new Map<number, number>();
  for (let index = 0; index < list.length; index++) {
    const mechanism = list.tryGetItem(index); // null for those that the library lists and does not know
    if (mechanism) offered.set(mechanism.type, mechanism.flags);
  }
  return offered;
}

/** A callback of graphene's as a promise. */
function called<T>(start: (done: (error: Error | null, result: T | null) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}
