import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { ASSOCIATED_DATA, CELL, type Contender, contender, PLAINTEXT, TEXT } from './contender.ts';

// The peers have a package.json of their own: nobody who installs this repository gets them. These are the parts of
// their types that are used here.

interface Cloak {
  generateKey(): string;
  parseKeySync(key: string): object;
  encryptStringSync(text: string, key: object): string;
  decryptStringSync(sealed: string, key: object): string;
}

interface Fernet {
  Secret: new (key: string) => object;
  Token: new (options: object) => { encode(text: string): string; decode(): string };
}

interface NobleCipher {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
}
type Noble = (key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array) => NobleCipher;

interface AwsCrypto {
  CommitmentPolicy: { REQUIRE_ENCRYPT_REQUIRE_DECRYPT: string };
  AlgorithmSuiteIdentifier: { ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY: number };
  RawAesWrappingSuiteIdentifier: { AES256_GCM_IV12_TAG16_NO_PADDING: number };
  RawAesKeyringNode: new (options: object) => object;
  NodeCachingMaterialsManager: new (options: object) => object;
  getLocalCryptographicMaterialsCache(capacity: number): object;
  buildClient(policy: string): {
    encrypt(keys: object, plaintext: Uint8Array, options: object): Promise<{ result: Uint8Array }>;
    decrypt(keys: object, sealed: Uint8Array): Promise<{ plaintext: Uint8Array }>;
  };
}

/** The peers, or none if they are not installed. */
export async function peerContenders(): Promise<Contender[]> {
  const require = createRequire(new URL('../peers/package.json', import.meta.url));
  try {
    require.resolve('@47ng/cloak');
  } catch {
    return [];
  }
  const { gcm } = require('@noble/ciphers/aes.js') as { gcm: Noble };
  const { xchacha20poly1305 } = require('@noble/ciphers/chacha.js') as { xchacha20poly1305: Noble };
  return Promise.all([
    cloak(require('@47ng/cloak') as Cloak),
    ...aws(require('@aws-crypto/client-node') as AwsCrypto),
    fernet(require('fernet') as Fernet),
    noble('@noble/ciphers gcm', gcm, 12),
    noble('@noble/ciphers xchacha', xchacha20poly1305, 24),
  ]);
}

function cloak({ generateKey, parseKeySync, encryptStringSync, decryptStringSync }: Cloak): Promise<Contender> {
  const key = parseKeySync(generateKey());
  return contender(
    '@47ng/cloak',
    () => encryptStringSync(TEXT, key),
    (sealed) => decryptStringSync(sealed, key),
  );
}

function fernet({ Secret, Token }: Fernet): Promise<Contender> {
  const secret = new Secret(randomBytes(32).toString('base64url'));
  return contender(
    'fernet (npm)',
    () => new Token({ secret }).encode(TEXT),
    (token) => new Token({ secret, token, ttl: 3600 }).decode(),
  );
}

function noble(name: string, cipher: Noble, nonceBytes: number): Promise<Contender> {
  const key = randomBytes(32);
  return contender(
    name,
    () => {
      const nonce = randomBytes(nonceBytes);
      return { nonce, sealed: cipher(key, nonce, ASSOCIATED_DATA).encrypt(PLAINTEXT) };
    },
    ({ nonce, sealed }) => cipher(key, nonce, ASSOCIATED_DATA).decrypt(sealed),
  );
}

// As it comes, a message is signed with ECDSA too. The third way is the fastest that the SDK offers.
function aws(sdk: AwsCrypto): Promise<Contender>[] {
  const { encrypt, decrypt } = sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = new sdk.RawAesKeyringNode({
    keyName: 'bench',
    keyNamespace: 'bench',
    unencryptedMasterKey: randomBytes(32),
    wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const cached = new sdk.NodeCachingMaterialsManager({
    backingMaterials: keyring,
    cache: sdk.getLocalCryptographicMaterialsCache(100),
    maxAge: 3_600_000,
  });
  const suiteId = sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
  const way = (name: string, keys: object, options: object) =>
    contender(
      name,
      async () => (await encrypt(keys, PLAINTEXT, { encryptionContext: CELL, ...options })).result,
      async (sealed) => (await decrypt(keys, sealed)).plaintext,
    );
  return [
    way('@aws-crypto', keyring, {}),
    way('@aws-crypto, cached', cached, { plaintextLength: PLAINTEXT.length }),
    way('@aws-crypto, cached, unsigned', cached, { plaintextLength: PLAINTEXT.length, suiteId }),
  ];
}
