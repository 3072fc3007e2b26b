import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import {
  type GoogleKmsEndpoint,
  googleFault,
  serviceAccountOf,
  startGoogleKms,
} from '../../../testing/google-kms-endpoint.ts';
import type { EndpointFault } from '../../../testing/local-endpoint.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import type { RemoteRoot } from '../remote-root.ts';
import { googleKmsRoot } from './google-kms-root.ts';

const key = Buffer.alloc(32, 3);
const context = Buffer.from('acme/fields/1');

let directory: TempDir;
before(async () => {
  directory = await tempDir();
});
after(() => directory.remove());

/** A root with the credentials of a file that the environment names, as in production. */
async function openRoot(kms: GoogleKmsEndpoint, keyName: string, account = kms.credentials): Promise<RemoteRoot> {
  const file = path.join(directory.path, `${randomUUID()}.json`);
  await writeFile(file, JSON.stringify(account));
  process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
  return googleKmsRoot(keyName, { endpoint: kms.url, timeoutMs: 1_500 });
}

async function setUp() {
  const kms = await startGoogleKms();
  const [root, other] = [await openRoot(kms, kms.keyNames[0]), await openRoot(kms, kms.keyNames[1])];
  const secrets = [kms.credentials.private_key.split('\n')[1]!];
  const close = async () => {
    await Promise.all([root.close(), other.close(), kms.takeAway()]);
  };
  return { root, other, secrets, takeAway: kms.takeAway, bringBack: kms.bringBack, close };
}

testRootProvider('Google Cloud KMS', setUp, { canBeAway: true });

describe('the Google Cloud KMS root', () => {
  let kms: GoogleKmsEndpoint;
  let root: RemoteRoot;
  before(async () => {
    kms = await startGoogleKms();
    root = await openRoot(kms, kms.keyNames[0]);
  });
  after(async () => {
    await root.close();
    await kms.takeAway();
  });

  test('names the key without a version, and nothing of the context', async () => {
    await root.wrap(key, context);
    const { url, body } = kms.requests.at(-1)!;
    assert.ok(url.startsWith(`/v1/${kms.keyNames[0]}:encrypt`));
    assert.equal(Buffer.from(JSON.parse(body.toString()).additionalAuthenticatedData, 'base64').length, 32);
  });

  const passing: { name: string; faults: EndpointFault[] }[] = [
    { name: 'a quota', faults: [googleFault(429, 'RESOURCE_EXHAUSTED'), googleFault(429, 'RESOURCE_EXHAUSTED')] },
    { name: 'an internal error', faults: [googleFault(500, 'INTERNAL')] },
    { name: 'unavailability', faults: [googleFault(503, 'UNAVAILABLE')] },
    { name: 'a cut connection', faults: ['cut'] },
  ];
  for (const { name, faults } of passing) {
    test(`tries again after ${name}`, async () => {
      kms.failNext(...faults);
      assert.deepEqual(await root.unwrap(await root.wrap(key, context), context), key);
    });
  }

  const lasting: { name: string; fault: EndpointFault; code: string }[] = [
    { name: 'a missing permission', fault: googleFault(403, 'PERMISSION_DENIED'), code: 'ERR_ROOT_DENIED' },
    { name: 'a key that is gone', fault: googleFault(404, 'NOT_FOUND'), code: 'ERR_ROOT_DENIED' },
    { name: 'a disabled version', fault: googleFault(400, 'FAILED_PRECONDITION'), code: 'ERR_ROOT_DENIED' },
    { name: 'bytes of another key', fault: googleFault(400, 'INVALID_ARGUMENT'), code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'an exhausted quota', fault: googleFault(429, 'RESOURCE_EXHAUSTED'), code: 'ERR_ROOT_UNAVAILABLE' },
    { name: 'silence', fault: 'silent', code: 'ERR_ROOT_UNAVAILABLE' },
  ];
  for (const { name, fault, code } of lasting) {
    test(`calls ${name} ${code}, and repeats nothing of the answer`, async () => {
      kms.failAll(fault);
      try {
        await assert.rejects(root.unwrap(Buffer.alloc(80), context), (error: Error & { code?: string }) => {
          assert.equal(error.code, code);
          assertTellsNothing([error], ['for "plaintext"']);
          return true;
        });
      } finally {
        kms.failAll();
      }
    });
  }

  test('calls a request that Google finds malformed a refusal, not a wrong key', async () => {
    kms.failNext(googleFault(400, 'INVALID_ARGUMENT'));
    await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_DENIED' });
  });

  for (const where of ['answer', 'request'] as const) {
    test(`does not take a ciphertext whose ${where} was damaged on the way`, async () => {
      kms.damageNext(where);
      await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_UNAVAILABLE', message: /CRC-32C/ });
    });
  }

  test('does not take a key that was damaged on the way', async () => {
    const wrapped = await root.wrap(key, context);
    kms.damageNext('answer');
    await assert.rejects(root.unwrap(wrapped, context), { code: 'ERR_ROOT_UNAVAILABLE', message: /CRC-32C/ });
  });

  test('is refused with another key of the service account', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const stranger = await openRoot(kms, kms.keyNames[0], serviceAccountOf(privateKey));
    await assert.rejects(stranger.wrap(key, context), { code: 'ERR_ROOT_DENIED' });
    await stranger.close();
  });

  test('without credentials is refused, and opens once there are some', async () => {
    const file = path.join(directory.path, 'late.json');
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    const early = await googleKmsRoot(kms.keyNames[0], { endpoint: kms.url });
    for (const _ of ['first', 'again']) {
      await assert.rejects(early.wrap(key, context), { code: 'ERR_ROOT_DENIED', message: /no credentials/ });
    }
    await writeFile(file, JSON.stringify(kms.credentials));
    assert.deepEqual(await root.unwrap(await early.wrap(key, context), context), key);
    await early.close();
  });

  test('without credentials is closed as any other', async () => {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = path.join(directory.path, 'nowhere.json');
    const early = await googleKmsRoot(kms.keyNames[0], { endpoint: kms.url });
    await assert.rejects(early.wrap(key, context), { code: 'ERR_ROOT_DENIED' });
    await early.close();
  });

  for (const name of ['', 'root', 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1']) {
    test(`does not take ${name || 'nothing'} for a key name`, async () => {
      await assert.rejects(googleKmsRoot(name), { code: 'ERR_ROOT_CONFIG' });
    });
  }

  for (const endpoint of ['http://kms.example', 'kms.example', 'https://a:b@kms.example', 'https://kms.example/v1']) {
    test(`does not take ${endpoint} for an endpoint`, async () => {
      await assert.rejects(googleKmsRoot(kms.keyNames[0], { endpoint }), { code: 'ERR_ROOT_CONFIG' });
    });
  }
});
