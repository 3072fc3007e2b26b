import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, assertTamperProof } from '../testing/tampering.ts';
import { generateAgreementKeyPair } from './agreement.ts';
import { deriveBoxKeyPair, openWith, sealTo } from './sealed-box.ts';

const recipient = generateAgreementKeyPair();
const info = Buffer.from('bulwark enrolment');
const none = Buffer.alloc(0);

describe('a sealed box', () => {
  test('opens with the private key, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => sealTo(recipient.publicKey, plaintext, info, aad),
      (sealed, aad) => openWith(recipient.privateKey, sealed, info, aad),
      'ERR_OPEN_FAILED',
    );
  });

  test('is 48 bytes longer than its plaintext', () => {
    assert.equal(sealTo(recipient.publicKey, Buffer.alloc(10), info, none).length, 58);
  });

  test('refuses another purpose and another recipient', () => {
    const sealed = sealTo(recipient.publicKey, none, info, none);
    assertRefused(() => openWith(recipient.privateKey, sealed, none, none), 'ERR_OPEN_FAILED');
    assertRefused(() => openWith(generateAgreementKeyPair().privateKey, sealed, info, none), 'ERR_OPEN_FAILED');
  });

  test('refuses an ephemeral key of small order like any other change', () => {
    const sealed = sealTo(recipient.publicKey, none, info, none).fill(0, 0, 32);
    assertRefused(() => openWith(recipient.privateKey, sealed, info, none), 'ERR_OPEN_FAILED');
  });

  test('is not made for a public key of small order or another length', () => {
    assertRefused(() => sealTo(Buffer.alloc(32), none, info, none), 'ERR_PUBLIC_KEY');
    assertRefused(() => sealTo(Buffer.alloc(31), none, info, none), 'ERR_KEY_LENGTH');
  });

  test('tells a private key of another length from a changed message', () => {
    const sealed = sealTo(recipient.publicKey, none, info, none);
    assertRefused(() => openWith(recipient.privateKey.subarray(1), sealed, info, none), 'ERR_KEY_LENGTH');
  });
});

describe('deriveBoxKeyPair', () => {
  test('gives the same pair for the same seed', () => {
    const seed = Buffer.alloc(32, 7);
    const pair = deriveBoxKeyPair(seed);
    assert.deepEqual(pair, deriveBoxKeyPair(seed));
    assert.equal(openWith(pair.privateKey, sealTo(pair.publicKey, seed, info, none), info, none).length, 32);
  });
  test('refuses a short seed', () => assertRefused(() => deriveBoxKeyPair(Buffer.alloc(31)), 'ERR_KEY_LENGTH'));
});
