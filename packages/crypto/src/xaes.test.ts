import assert from 'node:assert/strict';
import { createHash, createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { xaes } from './xaes.ts';

// C2SP XAES-256-GCM, "Test vectors"; in the second one the top bit of L is set.
const vectors = [
  { key: '01', data: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
  { key: '03', data: 'c2sp.org/XAES-256-GCM', sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d' },
];
const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX');
const plaintext = Buffer.from('XAES-256-GCM');

describe('XAES-256-GCM gives the published result', () => {
  for (const { key, data, sealed } of vectors) {
    test(`for the key ${key}…`, () => {
      const cipher = xaes(createSecretKey(hex(key.repeat(32))));
      assert.equal(cipher.seal(nonce, plaintext, Buffer.from(data)).toString('hex'), sealed);
      assert.deepEqual(cipher.open(Buffer.concat([nonce, hex(sealed)]), 0, Buffer.from(data)), plaintext);
    });
  }

  // C2SP XAES-256-GCM, "Accumulated randomized tests". Asserting the round trip too costs little.
  test('accumulated over 10,000 random messages', () => {
    // Node has no incremental SHAKE, so the whole stream is drawn at once: at most 568 bytes a message.
    const stream = createHash('shake128', { outputLength: 10_000 * 568 }).digest();
    let offset = 0;
    const take = (length: number) => {
      offset += length;
      return stream.subarray(offset - length, offset);
    };
    const opaque = () => take(take(1)[0] ?? 0);

    const accumulated = createHash('shake128', { outputLength: 32 });
    for (let i = 0; i < 10_000; i++) {
      const cipher = xaes(createSecretKey(take(32)));
      const [nonce, plaintext, data] = [take(24), opaque(), opaque()];
      const sealed = cipher.seal(nonce, plaintext, data);
      assert.ok(cipher.open(Buffer.concat([nonce, sealed]), 0, data).equals(plaintext));
      accumulated.update(sealed);
    }
    const expected = 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939';
    assert.equal(accumulated.digest('hex'), expected);
  });
});

test('one prepared key serves many messages in any order', () => {
  const cipher = xaes(createSecretKey(Buffer.alloc(32, 5)));
  const nonces = [1, 2, 3].map((byte) => Buffer.alloc(24, byte));
  const sealed = nonces.map((n) => cipher.seal(n, plaintext, nonce, n));
  for (const i of [2, 0, 1]) assert.deepEqual(cipher.open(sealed[i] ?? nonce, 0, nonce), plaintext);
});

test('sealing under random nonces never takes a nonce twice, and all that it seals opens', () => {
  const cipher = xaes(createSecretKey(Buffer.alloc(32, 5)));
  const header = Buffer.from('header');
  const sealed = Array.from({ length: 100 }, () => cipher.sealRandom(header, plaintext, nonce));
  assert.equal(new Set(sealed.map((bytes) => bytes.toString('hex', 6, 30))).size, 100);
  for (const bytes of sealed) {
    assert.deepEqual(bytes.subarray(0, 6), header);
    assert.deepEqual(cipher.open(bytes, 6, nonce), plaintext);
  }
});
