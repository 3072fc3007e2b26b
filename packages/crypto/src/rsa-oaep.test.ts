import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { findPythonWithCryptography } from '../../../testing/find-binaries.ts';
import { assertRefused, flipBit } from '../testing/tampering.ts';
import { generateKey } from './random.ts';
import { generateImportKeyPair, unwrapKeyWith, wrapKeyTo } from './rsa-oaep.ts';

const PYTHON = findPythonWithCryptography() ?? 'python3';
const { publicKey, privateKey } = await generateImportKeyPair();
const key = generateKey();

const pem = (modulusLength: number) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { format: 'pem', type: 'spki' },
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  });

describe('a key wrapped with RSA-OAEP', () => {
  const wrapped = wrapKeyTo(publicKey, key);

  test('unwraps with the private key', () => assert.deepEqual(unwrapKeyWith(privateKey, wrapped), key));
  test('differs each time', () => assert.notDeepEqual(wrapKeyTo(publicKey, key), wrapped));

  const changes = [
    { name: 'a flipped bit', bytes: flipBit(wrapped, 999) },
    { name: 'a cut', bytes: wrapped.subarray(1) },
    { name: 'nothing', bytes: Buffer.alloc(0) },
    { name: 'too much', bytes: Buffer.concat([wrapped, wrapped]) },
  ];
  for (const { name, bytes } of changes) {
    test(`refuses ${name}`, () => assertRefused(() => unwrapKeyWith(privateKey, bytes), 'ERR_OPEN_FAILED'));
  }
  test('refuses another private key', () => {
    assertRefused(() => unwrapKeyWith(pem(3072).privateKey, wrapped), 'ERR_OPEN_FAILED');
  });

  // Any other implementation of OAEP with SHA-256 for both hashes; here Debian's python3-cryptography.
  test("is unwrapped by Python's cryptography", () => {
    const script = `
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
wrapped, pem = sys.stdin.read().split('\\n', 1)
key = serialization.load_pem_private_key(pem.encode(), password=None)
oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
print(key.decrypt(bytes.fromhex(wrapped), oaep).hex())`;
    const run = spawnSync(PYTHON, ['-c', script], { input: `${wrapped.toString('hex')}\n${privateKey}` });
    assert.equal(run.stdout.toString().trim(), key.toString('hex'), run.stderr.toString());
  });
});

describe('RSA-OAEP refuses', () => {
  test('keys of fewer than 2048 bits', () => {
    assertRefused(() => wrapKeyTo(pem(1024).publicKey, key), 'ERR_KEY_LENGTH');
    assertRefused(() => unwrapKeyWith(pem(1024).privateKey, key), 'ERR_KEY_LENGTH');
  });
  test('keys that are not RSA', () => {
    const ec = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString();
    assertRefused(() => wrapKeyTo(ec, key), 'ERR_KEY_LENGTH');
  });
  test('text that is not a key', () => {
    assertRefused(() => wrapKeyTo('x', key), 'ERR_PUBLIC_KEY');
    assertRefused(() => unwrapKeyWith('x', key), 'ERR_ARGUMENT');
  });
  test('a key too long for the modulus', () => {
    assertRefused(() => wrapKeyTo(publicKey, Buffer.alloc(319)), 'ERR_KEY_LENGTH');
  });
});
