import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../testing/hex.ts';
import {
  AES_128_GCM,
  DHKEM_X25519,
  decapX25519,
  deriveX25519KeyPair,
  encapX25519,
  hpkeOpen,
  hpkeSeal,
} from './hpke.ts';

// RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
const info = hex('4f6465206f6e2061204772656369616e2055726e');
const ikmE = hex('7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234');
const pkEm = hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431');
const skEm = hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736');
const ikmR = hex('6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037');
const pkRm = hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d');
const skRm = hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8');
const sharedSecret = hex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc');
const plaintext = hex('4265617574792069732074727574682c20747275746820626561757479');
const associatedData = hex('436f756e742d30');
const ciphertext = hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a');

test('the key pairs of RFC 9180, A.1 follow from their seeds', () => {
  assert.deepEqual(deriveX25519KeyPair(ikmE), { publicKey: pkEm, privateKey: skEm });
  assert.deepEqual(deriveX25519KeyPair(ikmR), { publicKey: pkRm, privateKey: skRm });
});

test('the shared secret of RFC 9180, A.1 follows on both sides', () => {
  const encapsulation = encapX25519(pkRm, { publicKey: pkEm, privateKey: skEm });
  assert.deepEqual(encapsulation, { sharedSecret, enc: pkEm });
  assert.deepEqual(decapX25519(skRm, pkEm), sharedSecret);
});

test('the message of RFC 9180, A.1 is sealed and opened as published', () => {
  const encapsulation = { sharedSecret, enc: pkEm };
  const sealed = hpkeSeal(DHKEM_X25519, AES_128_GCM, encapsulation, info, plaintext, associatedData);
  assert.deepEqual(sealed, Buffer.concat([pkEm, ciphertext]));
  const opened = hpkeOpen(DHKEM_X25519, AES_128_GCM, sharedSecret, info, ciphertext, associatedData);
  assert.deepEqual(opened, plaintext);
});
