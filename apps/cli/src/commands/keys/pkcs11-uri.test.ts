import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePkcs11Uri } from './pkcs11-uri.ts';

test('a PKCS#11 URI names library, token, key and where the PIN is', () => {
  const uri = 'pkcs11:token=my%20token;object=root?module-path=/usr/lib/hsm.so&pin-source=file:/run/keys/pin';
  assert.deepEqual(parsePkcs11Uri(uri), {
    libraryPath: '/usr/lib/hsm.so',
    tokenLabel: 'my token',
    keyLabel: 'root',
    pinFile: '/run/keys/pin',
  });
});

test('the PIN may come from elsewhere', () =>
  assert.equal(parsePkcs11Uri('pkcs11:object=o;token=t?module-path=/m').pinFile, undefined));

describe('a PKCS#11 URI is refused', () => {
  const cases: [why: string, uri: string, says: RegExp][] = [
    ['without its scheme', 'token=t;object=o?module-path=/m', /start with pkcs11:/],
    ['without a token', 'pkcs11:object=o?module-path=/m', /token is missing/],
    ['without a library', 'pkcs11:token=t;object=o', /module-path is missing/],
    ['with a PIN in it', 'pkcs11:token=t;object=o?module-path=/m&pin-value=canary', /^((?!canary).)*pin-source/],
    ['with a PIN from a command', 'pkcs11:token=t;object=o?module-path=/m&pin-source=|cat', /must be a file/],
    ['with what would be passed over', 'pkcs11:token=t;object=o;serial=9?module-path=/m', /serial is not supported/],
    ['badly encoded', 'pkcs11:token=%zz;object=o?module-path=/m', /token is not well-formed/],
  ];
  for (const [why, uri, says] of cases) {
    test(why, () => assert.throws(() => parsePkcs11Uri(uri), { name: 'CliError', outcome: 'usage', message: says }));
  }
});
