import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { agree, agreementPublicKey, generateAgreementKeyPair } from './agreement.ts';

// RFC 7748, 5.2: the scalar and the point of both rows.
const multiplications = [
  {
    scalar: 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    point: 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    result: 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  },
  {
    scalar: '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    point: 'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    result: '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  },
];

// RFC 7748, 6.1.
const alice = {
  privateKey: hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  publicKey: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const bob = {
  privateKey: hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  publicKey: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
};
const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

// Points of small order (RFC 7748, 6.1; the list is that of https://cr.yp.to/ecdh.html).
const smallOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

describe('agree', () => {
  for (const { scalar, point, result } of multiplications) {
    test(`gives ${result.slice(0, 8)}… as RFC 7748 does`, () => {
      assert.equal(agree(hex(scalar), hex(point)).toString('hex'), result);
    });
  }

  test('gives both sides the shared secret of RFC 7748', () => {
    assert.equal(agreementPublicKey(alice.privateKey).toString('hex'), alice.publicKey);
    assert.equal(agreementPublicKey(bob.privateKey).toString('hex'), bob.publicKey);
    assert.equal(agree(alice.privateKey, hex(bob.publicKey)).toString('hex'), shared);
    assert.equal(agree(bob.privateKey, hex(alice.publicKey)).toString('hex'), shared);
  });

  test('gives both sides of fresh pairs the same secret', () => {
    const [a, b] = [generateAgreementKeyPair(), generateAgreementKeyPair()];
    assert.deepEqual(agreementPublicKey(a.privateKey), a.publicKey);
    assert.deepEqual(agree(a.privateKey, b.publicKey), agree(b.privateKey, a.publicKey));
  });

  for (const point of smallOrder) {
    test(`refuses the small-order point ${point.slice(0, 8)}…`, () => {
      assert.throws(() => agree(alice.privateKey, hex(point)), { code: 'ERR_PUBLIC_KEY' });
    });
  }
  test('refuses keys of another length', () => {
    assert.throws(() => agree(alice.privateKey, hex('00')), { code: 'ERR_KEY_LENGTH' });
    assert.throws(() => agree(hex('00'.repeat(33)), hex(bob.publicKey)), { code: 'ERR_KEY_LENGTH' });
  });
});
