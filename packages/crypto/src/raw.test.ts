import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { assertRefused } from '../testing/tampering.ts';
import { COBBLESTONE_VECTORS } from '../vectors/cobblestone-256.ts';
import { openMessage } from './message.ts';
import * as raw from './raw.ts';

const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
const message = hex(`d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525
  b16aedf5aa0de657ba637b39`);
const data = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: nonces that are not 12 bytes long.
const oddNonces = [
  {
    name: 'case 17',
    nonce: 'cafebabefacedbad',
    sealed: `c3762df1ca787d32ae47c13bf19844cbaf1ae14d0b976afac52ff7d79bba9de0feb582d33934a4f0954cc2363bc73f78
      62ac430e64abe499f47c9b1f 3a337dbf46a792c45e454913fe2ea8f2`,
  },
  {
    name: 'case 18',
    nonce: `9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b5254
      16aedbf5a0de6a57a637b39b`,
    sealed: `5a8def2f0c9e53f1f75d7853659e2a20eeb2b22aafde6419a058ab4f6f746bf40fc0c3b780f244452da3ebf1c5d82cde
      a2418997200ef82e44ae7e3f a44a8266ee1c8eb0c8b5d4cf5ae9f19a`,
  },
];

describe('raw AES-GCM', () => {
  for (const { name, nonce, sealed } of oddNonces) {
    test(`gives the published result of ${name}`, () => {
      assert.deepEqual(raw.aesGcmSeal(key, hex(nonce), message, data), hex(sealed));
      assert.deepEqual(raw.aesGcmOpen(key, hex(nonce), hex(sealed), data), message);
    });
  }

  for (const tagBytes of [4, 8, 12, 13, 14, 15, 16]) {
    test(`writes and checks tags of ${tagBytes} bytes`, () => {
      const nonce = Buffer.alloc(12);
      const full = raw.aesGcmSeal(key, nonce, message, data);
      const sealed = raw.aesGcmSeal(key, nonce, message, data, tagBytes);
      assert.deepEqual(sealed, full.subarray(0, message.length + tagBytes));
      assert.deepEqual(raw.aesGcmOpen(key, nonce, sealed, data, tagBytes), message);
      const changed = Buffer.from(sealed).fill((sealed.at(-1) ?? 0) ^ 1, sealed.length - 1);
      assertRefused(() => raw.aesGcmOpen(key, nonce, changed, data, tagBytes), 'ERR_OPEN_FAILED');
      if (tagBytes < 16) assertRefused(() => raw.aesGcmOpen(key, nonce, sealed, data), 'ERR_OPEN_FAILED');
    });
  }

  test('refuses what is not GCM', () => {
    assertRefused(() => raw.aesGcmSeal(key, Buffer.alloc(0), message, data), 'ERR_ARGUMENT');
    assertRefused(() => raw.aesGcmSeal(key, Buffer.alloc(12), message, data, 5), 'ERR_ARGUMENT');
    assertRefused(() => raw.aesGcmSeal(key.subarray(1), Buffer.alloc(12), message, data), 'ERR_KEY_LENGTH');
  });
});

test('raw HMAC gives the published result of RFC 4231, case 2', () => {
  const mac = raw.hmac('sha256', Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'));
  assert.equal(mac.toString('hex'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
});

test('raw HKDF with SHA-1 gives the published result of RFC 5869, A.4', () => {
  const [ikm, salt, info] = [hex('0b'.repeat(11)), hex('000102030405060708090a0b0c'), hex('f0f1f2f3f4f5f6f7f8f9')];
  const okm = '085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896';
  assert.equal(raw.hkdf('sha1', ikm, salt, info, 42).toString('hex'), okm);
});

test('raw AES key wrap takes wrapping keys of 16, 24 and 32 bytes', () => {
  for (const bytes of [16, 24, 32]) {
    const wrapped = raw.aesKeyWrap(key.subarray(0, bytes), key, 'KW');
    assert.deepEqual(raw.aesKeyUnwrap(key.subarray(0, bytes), wrapped, 'KW'), key);
  }
  assertRefused(() => raw.aesKeyWrap(key.subarray(0, 20), key, 'KW'), 'ERR_KEY_LENGTH');
});

test('raw XAES gives the published result', () => {
  const [nonce, plaintext] = [Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX'), Buffer.from('XAES-256-GCM')];
  const sealed = raw.xaesSeal(Buffer.alloc(32, 1), nonce, plaintext, Buffer.alloc(0));
  assert.equal(sealed.toString('hex'), 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271');
  assert.deepEqual(raw.xaesOpen(Buffer.alloc(32, 1), nonce, sealed, Buffer.alloc(0)), plaintext);
});

describe("sealing again under a vector's salt gives the vector, for Cobblestone-256", () => {
  for (const { name, key, context, sealed } of COBBLESTONE_VECTORS.filter(({ valid }) => valid)) {
    test(name, () => {
      const plaintext = openMessage(key, sealed, context);
      const cipher = raw.chunkCipherWithSalt(key, context, sealed.subarray(0, 24));
      const again = Buffer.alloc(sealed.length);
      let offset = cipher.header.copy(again);
      for (let index = 0; offset < again.length; index++) {
        const chunk = plaintext.subarray(index * raw.CHUNK_BYTES, (index + 1) * raw.CHUNK_BYTES);
        offset = cipher.sealInto(again, offset, index, chunk);
      }
      assert.ok(again.equals(sealed));
    });
  }
});
