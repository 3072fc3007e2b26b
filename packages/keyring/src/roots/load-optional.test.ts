import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { awsKmsRoot } from './aws-kms/aws-kms-root.ts';
import { azureKeyVaultRoot } from './azure-key-vault/azure-key-vault-root.ts';
import { googleKmsRoot } from './google-kms/google-kms-root.ts';
import { pkcs11Root } from './pkcs11/pkcs11-root.ts';

const version = '0123456789abcdef0123456789abcdef';
const credential = { getToken: async () => null };
const cases: { name: string; open: () => Promise<unknown> }[] = [
  {
    name: '@aws-sdk/client-kms',
    open: () => awsKmsRoot('arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'),
  },
  { name: '@google-cloud/kms', open: () => googleKmsRoot('projects/p/locations/l/keyRings/r/cryptoKeys/k') },
  {
    name: '@azure/keyvault-keys',
    open: () => azureKeyVaultRoot(`https://acme.vault.azure.net/keys/root/${version}`, { credential }),
  },
  {
    name: 'graphene-pk11',
    open: () => pkcs11Root({ libraryPath: '/lib.so', tokenLabel: 't', keyLabel: 'k', pin: () => '' }),
  },
];

describe('a provider whose package is not installed says what to install', () => {
  const names = new Set(cases.map(({ name }) => name));
  let hooks: ReturnType<typeof registerHooks>;
  before(() => {
    hooks = registerHooks({
      resolve: (specifier, context, next) =>
        next(names.has(specifier) ? `${specifier}-that-is-not-there` : specifier, context),
    });
  });
  after(() => hooks.deregister());

  for (const { name, open } of cases) {
    test(name, async () => {
      await assert.rejects(open(), { name: 'KeyringError', code: 'ERR_ROOT_MODULE', message: /; run: npm install / });
    });
  }
});
