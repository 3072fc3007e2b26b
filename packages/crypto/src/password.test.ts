import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashPassword, needsRehash, verifyPassword } from './password.ts';

// The smallest cost that is allowed, to keep the tests quick.
const cheap = { memoryKiB: 8, passes: 1, parallelism: 1 };

// The test vectors of the reference implementation (phc-winner-argon2, src/test.c, version 0x13 of Argon2id).
const foreign = [
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
  '$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg',
];

describe('verifyPassword', () => {
  for (const hash of foreign) {
    test(`accepts ${hash.slice(0, 30)}… of the reference implementation`, async () => {
      assert.equal(await verifyPassword('password', hash), true);
      assert.equal(await verifyPassword('Password', hash), false);
    });
  }

  test('accepts the password that was hashed and no other', async () => {
    const hash = await hashPassword('correct horse', cheap);
    assert.equal(await verifyPassword('correct horse', hash), true);
    assert.equal(await verifyPassword('correct horse ', hash), false);
    assert.equal(await verifyPassword('', hash), false);
  });

  test('takes composed and decomposed letters for the same', async () => {
    assert.equal(await verifyPassword('caf\u00e9', await hashPassword('cafe\u0301', cheap)), true);
  });

  test('rejects a password too long to have been hashed', async () => {
    assert.equal(await verifyPassword('x'.repeat(4097), await hashPassword('x', cheap)), false);
  });

  const salt = 'c29tZXNhbHRzb21lc2FsdA';
  const bytes = 'A'.repeat(43);
  const malformed = [
    '',
    'password',
    `$argon2i$v=19$m=8,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$v=16$m=8,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$m=8,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$m=08,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$t=1,m=8,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}=$${bytes}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$${bytes.slice(1)}B`,
    `$argon2id$v=19$m=8,t=1,p=1$c2FsdA$${bytes}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$AAAA`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$${bytes}\n`,
    `$argon2id$v=19$m=7,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$m=15,t=1,p=2$${salt}$${bytes}`,
    `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$m=8,t=17,p=1$${salt}$${bytes}`,
    `$argon2id$v=19$m=1024,t=1,p=17$${salt}$${bytes}`,
  ];
  for (const hash of malformed) {
    test(`refuses the hash ${JSON.stringify(hash)}`, async () => {
      await assert.rejects(verifyPassword('password', hash), { code: 'ERR_PASSWORD_HASH' });
    });
  }
});

describe('hashPassword', () => {
  test('records the default parameters and a salt of 16 bytes', async () => {
    const hash = await hashPassword('password');
    assert.match(hash, /^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.equal(needsRehash(hash), false);
  });
  test('draws a new salt each time', async () => {
    assert.notEqual(await hashPassword('password', cheap), await hashPassword('password', cheap));
  });

  const refused = [
    { name: 'a password over 4096 bytes', password: 'x'.repeat(4097), parameters: cheap },
    { name: 'a lone surrogate', password: '\ud800', parameters: cheap },
    { name: 'too little memory for its lanes', password: 'x', parameters: { ...cheap, parallelism: 2 } },
    { name: 'more memory than it would verify', password: 'x', parameters: { ...cheap, memoryKiB: 2 ** 21 } },
    { name: 'no pass', password: 'x', parameters: { ...cheap, passes: 0 } },
  ];
  for (const { name, password, parameters } of refused) {
    test(`refuses ${name}`, () => assert.rejects(hashPassword(password, parameters), { code: 'ERR_ARGUMENT' }));
  }
});

test('needsRehash finds hashes of other parameters', async () => {
  const hash = await hashPassword('password', cheap);
  assert.equal(needsRehash(hash), true);
  assert.equal(needsRehash(hash, cheap), false);
  assert.equal(needsRehash(foreign[0] ?? ''), true);
});
