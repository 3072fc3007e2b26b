import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { assertRefused, assertTamperProof, flipBit } from '../testing/tampering.ts';
import { decrypt, encrypt, open, seal } from './aead.ts';
import { gcmOpen, gcmSeal } from './aes-gcm.ts';
import { generateKey } from './random.ts';

const key = generateKey();
const context = Buffer.from('users.email:42');

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: the cases that NIST's validation began with.
const message = `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525
  b16aedf5aa0de657ba637b391aafd255`;
const data = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';
const key128 = 'feffe9928665731c6d6a8f9467308308';
const vectors = [
  {
    name: 'case 1',
    key: '00'.repeat(16),
    nonce: '00'.repeat(12),
    plaintext: '',
    data: '',
    sealed: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    name: 'case 2',
    key: '00'.repeat(16),
    nonce: '00'.repeat(12),
    plaintext: '00'.repeat(16),
    data: '',
    sealed: '0388dace60b6a392f328c2b971b2fe78 ab6e47d42cec13bdf53a67b21257bddf',
  },
  {
    name: 'case 13',
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plaintext: '',
    data: '',
    sealed: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    name: 'case 14',
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plaintext: '00'.repeat(16),
    data: '',
    sealed: 'cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: 'case 15',
    key: key128.repeat(2),
    nonce: 'cafebabefacedbaddecaf888',
    plaintext: message,
    data: '',
    sealed: `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838
      c5f61e6393ba7a0abcc9f662898015ad b094dac5d93471bdec1a502270e3cc6c`,
  },
  {
    name: 'case 16',
    key: key128.repeat(2),
    nonce: 'cafebabefacedbaddecaf888',
    plaintext: message.replace(/\s/g, '').slice(0, 120),
    data,
    sealed: `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838
      c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b`,
  },
];

describe('AES-GCM gives the published result', () => {
  for (const v of vectors) {
    test(v.name, () => {
      const secret = createSecretKey(hex(v.key));
      const sealed = gcmSeal(secret, hex(v.nonce), hex(v.plaintext), hex(v.data));
      assert.equal(sealed.toString('hex'), hex(v.sealed).toString('hex'));
      assert.deepEqual(gcmOpen(secret, hex(v.nonce), sealed, hex(v.data)), hex(v.plaintext));
      if (v.key.length !== 64) return;
      const parts = { nonce: hex(v.nonce), ciphertext: sealed.subarray(0, -16), tag: sealed.subarray(-16) };
      assert.deepEqual(decrypt(secret, parts, hex(v.data)), hex(v.plaintext));
      assert.deepEqual(open(hex(v.key), Buffer.concat([hex(v.nonce), sealed]), hex(v.data)), hex(v.plaintext));
    });
  }
});

describe('seal', () => {
  test('opens again, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => seal(key, plaintext, aad),
      (sealed, aad) => open(key, sealed, aad),
      'ERR_OPEN_FAILED',
    );
  });

  test('draws a new nonce each time', () => {
    const nonces = Array.from({ length: 100 }, () => seal(key, context, context).toString('hex', 0, 12));
    assert.equal(new Set(nonces).size, 100);
  });

  test('takes a KeyObject for the same key', () => {
    const sealed = seal(createSecretKey(key), Buffer.from('ada'), context);
    assert.equal(open(key, sealed, context).toString(), 'ada');
  });
});

describe('encrypt', () => {
  test('gives a 12-byte nonce, a ciphertext of the same length and a 16-byte tag', () => {
    const { nonce, ciphertext, tag } = encrypt(key, Buffer.from('ada'));
    assert.deepEqual([nonce.length, ciphertext.length, tag.length], [12, 3, 16]);
  });

  test('opens again, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => {
        const { nonce, ciphertext, tag } = encrypt(key, plaintext, aad);
        return Buffer.concat([nonce, tag, ciphertext]);
      },
      (sealed, aad) => {
        const [nonce, tag, ciphertext] = [sealed.subarray(0, 12), sealed.subarray(12, 28), sealed.subarray(28)];
        return decrypt(key, { nonce, ciphertext, tag }, aad);
      },
      'ERR_OPEN_FAILED',
    );
  });
});

describe('open refuses', () => {
  const sealed = seal(key, Buffer.from('ada@example.test'), context);
  const cases = [
    { name: 'a short key', code: 'ERR_KEY_LENGTH', key: key.subarray(0, 16), sealed, context },
    { name: 'another key', code: 'ERR_OPEN_FAILED', key: generateKey(), sealed, context },
    { name: 'another context', code: 'ERR_OPEN_FAILED', key, sealed, context: Buffer.from('users.email:43') },
    { name: 'a changed nonce', code: 'ERR_OPEN_FAILED', key, sealed: flipBit(sealed, 0), context },
    {
      name: 'a value shorter than nonce and tag',
      code: 'ERR_OPEN_FAILED',
      key,
      sealed: sealed.subarray(0, 27),
      context,
    },
    { name: 'nothing', code: 'ERR_OPEN_FAILED', key, sealed: Buffer.alloc(0), context },
  ];
  for (const c of cases) {
    test(c.name, () => assert.throws(() => open(c.key, c.sealed, c.context), { name: 'CryptoError', code: c.code }));
  }
});

describe('decrypt refuses', () => {
  const { nonce, ciphertext, tag } = encrypt(key, Buffer.from('ada@example.test'));
  for (const length of [0, 4, 8, 12, 13, 14, 15]) {
    test(`a tag cut to ${length} bytes`, () => {
      assertRefused(() => decrypt(key, { nonce, ciphertext, tag: tag.subarray(0, length) }), 'ERR_OPEN_FAILED');
    });
  }
  test('a nonce of 16 bytes', () => {
    assertRefused(() => decrypt(key, { nonce: Buffer.alloc(16), ciphertext, tag }), 'ERR_OPEN_FAILED');
  });
});

test('every failure to open has one message', () => {
  const sealed = seal(key, Buffer.from('ada'), context);
  const attempts = [flipBit(sealed, 0), flipBit(sealed, 100), flipBit(sealed, 240), sealed.subarray(0, 20)];
  const messages = attempts.map((attempt) => {
    try {
      return open(key, attempt, context).toString();
    } catch (error) {
      return String(error) + String((error as Error).cause);
    }
  });
  assert.equal(new Set(messages).size, 1);
});
