import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AwsKmsEndpoint, fault, startAwsKms } from '../../../testing/aws-kms-endpoint.ts';
import type { EndpointFault } from '../../../testing/local-endpoint.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import type { RemoteRoot } from '../remote-root.ts';
import { awsKmsRoot } from './aws-kms-root.ts';

const key = Buffer.alloc(32, 3);
const context = Buffer.from('acme/fields/1');

function openRoot({ url, credentials }: AwsKmsEndpoint, keyArn: string, timeoutMs = 5_000): Promise<RemoteRoot> {
  return awsKmsRoot(keyArn, { clientConfig: { endpoint: url, credentials }, timeoutMs });
}

async function setUp() {
  const kms = await startAwsKms();
  const [root, other] = [await openRoot(kms, kms.keyArns[0]), await openRoot(kms, kms.keyArns[1])];
  const secrets = [kms.credentials.secretAccessKey];
  const close = async () => {
    await Promise.all([root.close(), other.close(), kms.takeAway()]);
  };
  return { root, other, secrets, takeAway: kms.takeAway, bringBack: kms.bringBack, close };
}

testRootProvider('AWS KMS', setUp, { canBeAway: true });

describe('the AWS KMS root', () => {
  let kms: AwsKmsEndpoint;
  let root: RemoteRoot;
  before(async () => {
    kms = await startAwsKms();
    root = await openRoot(kms, kms.keyArns[0]);
  });
  after(async () => {
    await root.close();
    await kms.takeAway();
  });

  test('tells KMS the key and a digest of the context, and nothing of the context itself', async () => {
    await root.wrap(key, context);
    const sent = JSON.parse(kms.requests.at(-1)!.body.toString('utf8'));
    assert.equal(sent.KeyId, kms.keyArns[0]);
    assert.deepEqual(Object.keys(sent.EncryptionContext), ['bulwark-context']);
    assert.equal(Buffer.from(sent.EncryptionContext['bulwark-context'], 'base64').length, 32);
  });

  const passing: { name: string; faults: EndpointFault[] }[] = [
    { name: 'throttling', faults: [fault('ThrottlingException'), fault('ThrottlingException')] },
    { name: 'an internal error', faults: [fault('KMSInternalException', 500)] },
    { name: 'a timeout of its dependencies', faults: [fault('DependencyTimeoutException', 503)] },
    { name: 'a cut connection', faults: ['cut'] },
  ];
  for (const { name, faults } of passing) {
    test(`tries again after ${name}`, async () => {
      kms.failNext(...faults);
      assert.deepEqual(await root.unwrap(await root.wrap(key, context), context), key);
    });
  }

  const lasting: { name: string; code: string }[] = [
    { name: 'AccessDeniedException', code: 'ERR_ROOT_DENIED' },
    { name: 'DisabledException', code: 'ERR_ROOT_DENIED' },
    { name: 'KMSInvalidStateException', code: 'ERR_ROOT_DENIED' },
    { name: 'NotFoundException', code: 'ERR_ROOT_DENIED' },
    { name: 'InvalidKeyUsageException', code: 'ERR_ROOT_DENIED' },
    { name: 'ExpiredTokenException', code: 'ERR_ROOT_DENIED' },
    { name: 'InvalidCiphertextException', code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'IncorrectKeyException', code: 'ERR_ROOT_KEY_WRONG' },
    { name: 'ThrottlingException', code: 'ERR_ROOT_UNAVAILABLE' },
  ];
  for (const { name, code } of lasting) {
    test(`calls a lasting ${name} ${code}`, async () => {
      kms.failAll(fault(name));
      try {
        await assert.rejects(root.unwrap(Buffer.alloc(80), context), { name: 'KeyringError', code });
      } finally {
        kms.failAll();
      }
    });
  }

  test('names the request in the error, for CloudTrail to be searched', async () => {
    kms.failNext(fault('AccessDeniedException'));
    await assert.rejects(root.wrap(key, context), /AWS KMS refuses: AccessDeniedException \(request d29ed3b2-/);
  });

  test('gives up on a silent KMS in time', async () => {
    const impatient = await openRoot(kms, kms.keyArns[0], 200);
    kms.failNext('silent');
    await assert.rejects(impatient.wrap(key, context), { code: 'ERR_ROOT_UNAVAILABLE' });
    await impatient.close();
  });

  test('is refused with another secret, and does not tell it', async () => {
    const secretAccessKey = 'not/the/secret/of/this/access/key/id';
    const credentials = { ...kms.credentials, secretAccessKey };
    const stranger = await openRoot({ ...kms, credentials }, kms.keyArns[0]);
    await assert.rejects(stranger.wrap(key, context), (error: Error) => {
      assert.match(error.message, /InvalidSignatureException/);
      assertTellsNothing([error], [secretAccessKey, key.toString('base64')]);
      return true;
    });
    await stranger.close();
  });

  test('does not believe an answer for another key', async () => {
    const body = { CiphertextBlob: 'AAAA', KeyId: kms.keyArns[1] };
    kms.failNext({ status: 200, body });
    await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_UNAVAILABLE' });
  });

  const names = [
    '',
    'alias/bulwark',
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:eu-west-1:111122223333:alias/x',
  ];
  for (const name of names) {
    test(`does not take ${name || 'nothing'} for a key ARN`, async () => {
      await assert.rejects(awsKmsRoot(name), { code: 'ERR_ROOT_CONFIG' });
    });
  }

  test('has one identifier for all replicas of a multi-Region key', async () => {
    const arn = (region: string) => `arn:aws:kms:${region}:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab`;
    const [here, there] = await Promise.all([awsKmsRoot(arn('eu-west-1')), awsKmsRoot(arn('us-east-1'))]);
    assert.equal(here.id, there.id);
  });
});
