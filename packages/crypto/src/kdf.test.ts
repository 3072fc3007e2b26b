import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused } from '../testing/tampering.ts';
import { deriveKey, encodeKdf, type Kdf, type KdfAlgorithm, newKdf, parseKdf } from './kdf.ts';

const salt = Buffer.alloc(32, 7);
const cheap: Kdf[] = [
  { algorithm: 'argon2id', salt, memoryKiB: 8, passes: 1, parallelism: 1 },
  { algorithm: 'scrypt', salt, logN: 4, blockSize: 1, parallelism: 1 },
  { algorithm: 'pbkdf2-sha256', salt, iterations: 10 },
  { algorithm: 'pbkdf2-sha512', salt, iterations: 10 },
];

for (const kdf of cheap) {
  describe(kdf.algorithm, () => {
    test('gives a 32-byte key that hangs on the password, the salt and the cost', async () => {
      const key = await deriveKey('correct horse', kdf);
      assert.equal(key.length, 32);
      assert.deepEqual(await deriveKey('correct horse', parseKdf(encodeKdf(kdf))), key);
      const dearer = 'iterations' in kdf ? { ...kdf, iterations: 11 } : { ...kdf, parallelism: 2, memoryKiB: 16 };
      for (const other of [{ ...kdf, salt: Buffer.alloc(32, 8) }, dearer]) {
        assert.notDeepEqual(await deriveKey('correct horse', other), key);
      }
      assert.notDeepEqual(await deriveKey('correct horse.', kdf), key);
    });

    test('is recorded and read back', () => {
      assert.deepEqual(parseKdf(encodeKdf(kdf)), kdf);
    });

    test('has a default cost within its own limits, and a new 32-byte salt each time', () => {
      const [a, b] = [newKdf(kdf.algorithm), newKdf(kdf.algorithm)];
      assert.deepEqual(parseKdf(encodeKdf(a)), a);
      assert.equal(a.salt.length, 32);
      assert.notDeepEqual(a.salt, b.salt);
    });
  });
}

test('records are written as documented', () => {
  const records = cheap.map((kdf) => encodeKdf({ ...kdf, salt: Buffer.alloc(8) }));
  assert.deepEqual(records, [
    '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA',
    '$scrypt$ln=4,r=1,p=1$AAAAAAAAAAA',
    '$pbkdf2-sha256$i=10$AAAAAAAAAAA',
    '$pbkdf2-sha512$i=10$AAAAAAAAAAA',
  ]);
});

test('passwords are the same in composed and decomposed form, and must be well-formed text', async () => {
  const [kdf] = cheap as [Kdf];
  assert.deepEqual(await deriveKey('caf\u00e9', kdf), await deriveKey('cafe\u0301', kdf));
  for (const password of ['\ud800', 'x'.repeat(4097)]) {
    await assert.rejects(deriveKey(password, kdf), { code: 'ERR_ARGUMENT' });
  }
});

describe('parseKdf refuses', () => {
  const cases = [
    '',
    'argon2id',
    '$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA',
    '$argon2id$m=8,t=1,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=8,p=1,t=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=08,t=1,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=7,t=1,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=1048577,t=1,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=8,t=17,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAA',
    '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA',
    '$argon2id$v=19$m=8,t=1,p=1$AAAAAAA',
    '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAB',
    '$scrypt$ln=20,r=8,p=1$AAAAAAAAAAA',
    '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAA',
    '$scrypt$ln=14,r=8,p=17$AAAAAAAAAAA',
    '$pbkdf2-sha1$i=10$AAAAAAAAAAA',
    '$pbkdf2-sha256$i=10000001$AAAAAAAAAAA',
    '$pbkdf2-sha256$i=0$AAAAAAAAAAA',
    '$pbkdf2-sha256$i=10,i=10$AAAAAAAAAAA',
    '$pbkdf2-sha256$i=10$AAAAAAAAAAA\n',
    `$pbkdf2-sha256$i=10$${'A'.repeat(88)}`,
  ];
  for (const record of cases) {
    test(JSON.stringify(record), () => assertRefused(() => parseKdf(record), 'ERR_KDF_RECORD'));
  }
});

test('deriveKey refuses a cost outside the limits', async () => {
  const kdf = { algorithm: 'argon2id' as KdfAlgorithm, salt, memoryKiB: 4_194_304, passes: 1, parallelism: 1 } as Kdf;
  await assert.rejects(deriveKey('x', kdf), { code: 'ERR_KDF_RECORD' });
});
