import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { describe, test } from 'node:test';
import { hex } from '../testing/hex.ts';
import { pbkdf2, scrypt } from './password-kdf.ts';

// RFC 9106, 5.3. Secret and associated data are part of this vector only, so it goes to Node's function itself.
test("Node's Argon2id gives the result of RFC 9106", () => {
  const tag = argon2Sync('argon2id', {
    message: hex('01'.repeat(32)),
    nonce: hex('02'.repeat(16)),
    secret: hex('03'.repeat(8)),
    associatedData: hex('04'.repeat(12)),
    memory: 32,
    passes: 3,
    parallelism: 4,
    tagLength: 32,
  });
  assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

// RFC 6070 (SHA-1) and RFC 7914, section 11 (SHA-256).
const pbkdf2Vectors = [
  { hash: 'sha1', password: 'password', salt: 'salt', iterations: 1, key: '0c60c80f961f0e71f3a9b524af6012062fe037a6' },
  { hash: 'sha1', password: 'password', salt: 'salt', iterations: 2, key: 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957' },
  {
    hash: 'sha1',
    password: 'password',
    salt: 'salt',
    iterations: 4096,
    key: '4b007901b765489abead49d926f721d065a429c1',
  },
  {
    hash: 'sha1',
    password: 'passwordPASSWORDpassword',
    salt: 'saltSALTsaltSALTsaltSALTsaltSALTsalt',
    iterations: 4096,
    key: '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038',
  },
  { hash: 'sha1', password: 'pass\0word', salt: 'sa\0lt', iterations: 4096, key: '56fa6aa75548099dcc37d7f03425e0c3' },
  {
    hash: 'sha256',
    password: 'passwd',
    salt: 'salt',
    iterations: 1,
    key: `55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc
      49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783`,
  },
  {
    hash: 'sha256',
    password: 'Password',
    salt: 'NaCl',
    iterations: 80_000,
    key: `4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56
      a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d`,
  },
] as const;

describe('PBKDF2 gives the published result', () => {
  for (const { hash, password, salt, iterations, key } of pbkdf2Vectors) {
    test(`${hash}, ${JSON.stringify(password)}, ${iterations} iterations`, async () => {
      const expected = hex(key);
      const derived = await pbkdf2(hash, Buffer.from(password), Buffer.from(salt), iterations, expected.length);
      assert.equal(derived.toString('hex'), expected.toString('hex'));
    });
  }
});

// RFC 7914, section 12.
const scryptVectors = [
  {
    password: '',
    salt: '',
    cost: { logN: 4, blockSize: 1, parallelism: 1 },
    key: `77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
      fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906`,
  },
  {
    password: 'password',
    salt: 'NaCl',
    cost: { logN: 10, blockSize: 8, parallelism: 16 },
    key: `fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
      2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640`,
  },
  {
    password: 'pleaseletmein',
    salt: 'SodiumChloride',
    cost: { logN: 14, blockSize: 8, parallelism: 1 },
    key: `7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
      d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887`,
  },
];

describe('scrypt gives the published result', () => {
  for (const { password, salt, cost, key } of scryptVectors) {
    test(`"${password}", N = 2^${cost.logN}`, async () => {
      assert.deepEqual(await scrypt(Buffer.from(password), Buffer.from(salt), cost, 64), hex(key));
    });
  }
});
