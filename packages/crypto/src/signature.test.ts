import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { flipBit } from '../testing/tampering.ts';
import { generateSigningKeyPair, sign, verify } from './signature.ts';

// RFC 8032, 7.1.
const vectors = [
  {
    name: 'TEST 1',
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature: `e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
      5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b`,
  },
  {
    name: 'TEST 2',
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature: `92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
      085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00`,
  },
  {
    name: 'TEST 3',
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature: `6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
      18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a`,
  },
];

describe('sign gives the published signature', () => {
  for (const { name, seed, publicKey, message, signature } of vectors) {
    test(name, () => {
      assert.deepEqual(sign(hex(seed), hex(message)), hex(signature));
      assert.equal(verify(hex(publicKey), hex(message), hex(signature)), true);
    });
  }
});

describe('verify', () => {
  const { publicKey, privateKey } = generateSigningKeyPair();
  const message = Buffer.from('release 1.0.0');
  const signature = sign(privateKey, message);
  const cases = [
    { name: 'accepts a signature', publicKey, message, signature, valid: true },
    { name: 'rejects another message', publicKey, message: flipBit(message, 0), signature, valid: false },
    { name: 'rejects a changed signature', publicKey, message, signature: flipBit(signature, 300), valid: false },
    { name: 'rejects a cut signature', publicKey, message, signature: signature.subarray(0, 63), valid: false },
    { name: 'rejects another key', publicKey: generateSigningKeyPair().publicKey, message, signature, valid: false },
  ];
  for (const c of cases) test(c.name, () => assert.equal(verify(c.publicKey, c.message, c.signature), c.valid));

  test('refuses a key of another length', () => {
    assert.throws(() => verify(publicKey.subarray(1), message, signature), { code: 'ERR_KEY_LENGTH' });
    assert.throws(() => sign(privateKey.subarray(1), message), { code: 'ERR_KEY_LENGTH' });
  });
});
