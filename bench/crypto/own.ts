import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomFillSync } from 'node:crypto';
import {
  deriveFieldKey,
  type FieldSuite,
  generateKey,
  openFernet,
  openField,
  sealFernet,
  sealField,
} from '@bulwark/crypto';
import { ASSOCIATED_DATA, CELL, type Contender, contender, PLAINTEXT } from './contender.ts';

const TAG = { authTagLength: 16 };
const NONCE_BYTES = 12;

/** What the others are measured by. */
export const BARE = 'bare loop';

/** The suites as an application calls them, between two loops on bare `node:crypto`. */
export function ownContenders(): Promise<Contender[]> {
  return Promise.all([
    bareLoop(),
    field('XAES-256-GCM'),
    field('A256GCM'),
    naiveLoop(),
    contender('Fernet', ...fernet(generateKey())),
  ]);
}

function field(suite: FieldSuite): Promise<Contender> {
  const key = deriveFieldKey(generateKey(), suite);
  const keys = (kid: Uint8Array) => (key.kid.equals(kid) ? key : undefined);
  return contender(
    `field, ${suite}`,
    () => sealField(key, CELL, PLAINTEXT),
    (sealed) => openField(keys, CELL, sealed),
  );
}

function fernet(key: Buffer): [() => string, (token: string) => Buffer] {
  const now = Date.now() / 1000;
  return [() => sealFernet(key, PLAINTEXT, now), (token) => openFernet(key, token, { now, maxAgeSeconds: 60 })];
}

// The fastest that Node has: key object, nonces from a pool, associated data ready, no checks.
function bareLoop(): Promise<Contender> {
  const key = createSecretKey(generateKey());
  const pool = Buffer.alloc(16_384);
  let used = pool.length;
  const nextNonce = () => {
    if (used + NONCE_BYTES > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += NONCE_BYTES;
    return pool.subarray(used - NONCE_BYTES, used);
  };
  return contender(
    BARE,
    () => {
      const nonce = nextNonce();
      const cipher = createCipheriv('aes-256-gcm', key, nonce, TAG).setAAD(ASSOCIATED_DATA);
      return Buffer.concat([nonce, cipher.update(PLAINTEXT), cipher.final(), cipher.getAuthTag()]);
    },
    (sealed) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), TAG);
      decipher.setAAD(ASSOCIATED_DATA).setAuthTag(sealed.subarray(-TAG.authTagLength));
      const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, -TAG.authTagLength));
      decipher.final();
      return plaintext;
    },
  );
}

// As most programs have it: key bytes, and the system's generator asked each time.
function naiveLoop(): Promise<Contender> {
  const key = generateKey();
  return contender(
    'naive loop',
    () => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(ASSOCIATED_DATA);
      return Buffer.concat([nonce, cipher.update(PLAINTEXT), cipher.final(), cipher.getAuthTag()]);
    },
    (sealed) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), TAG);
      decipher.setAAD(ASSOCIATED_DATA).setAuthTag(sealed.subarray(-TAG.authTagLength));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG.authTagLength)), decipher.final()]);
    },
  );
}
