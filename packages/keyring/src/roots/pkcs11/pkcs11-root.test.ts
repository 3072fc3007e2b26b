import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import { makeBadKey, type SoftHsm, startSoftHsm } from '../../../testing/soft-hsm.ts';
import { createPkcs11Key, type Pkcs11Options, pkcs11Root } from './pkcs11-root.ts';
import type { SchemeName } from './wrapping-scheme.ts';

const key = Buffer.alloc(32, 3);
const context = Buffer.from('acme/fields/1');

let hsm: SoftHsm;
before(async () => {
  hsm = await startSoftHsm();
  makeBadKey(hsm, 'leaky', true);
  for (const _ of ['one', 'two']) makeBadKey(hsm, 'twin', false);
  for (const keyLabel of ['root', 'other']) await createPkcs11Key(addressOf(keyLabel));
});
after(() => hsm.remove());

function addressOf(keyLabel: string) {
  const { libraryPath, tokenLabel, pin } = hsm;
  return { libraryPath, tokenLabel, keyLabel, pin: () => pin };
}

function openRoot(options: Partial<Pkcs11Options> = {}) {
  return pkcs11Root({ ...addressOf('root'), timeoutMs: 5_000, ...options });
}

for (const scheme of ['gcm', 'key-wrap'] as SchemeName[]) {
  const setUp = async () => {
    const [root, other] = [await openRoot({ scheme }), await openRoot({ scheme, keyLabel: 'other' })];
    const { pin, takeAway, bringBack } = hsm;
    const close = async () => {
      await Promise.all([root.close(), other.close()]);
    };
    return { root, other, secrets: [pin], takeAway, bringBack, close };
  };
  testRootProvider(`PKCS#11 with ${scheme}`, setUp, { canBeAway: true });
}

describe('the PKCS#11 root', () => {
  test('opens what it wrapped in either way, whichever it prefers', async () => {
    await using gcm = await openRoot({ scheme: 'gcm' });
    await using keyWrap = await openRoot({ scheme: 'key-wrap' });
    assert.deepEqual(await keyWrap.unwrap(await gcm.wrap(key, context), context), key);
    assert.deepEqual(await gcm.unwrap(await keyWrap.wrap(key, context), context), key);
  });

  test('opens after a restart what it wrapped before', async () => {
    const first = await openRoot();
    const wrapped = await first.wrap(key, context);
    await first.close();
    await using second = await openRoot();
    assert.equal(second.id, first.id);
    assert.deepEqual(await second.unwrap(wrapped, context), key);
  });

  test('does nothing after it was closed, and may be closed twice', async () => {
    const root = await openRoot();
    await using neighbour = await openRoot({ keyLabel: 'other' });
    await root.wrap(key, context);
    await root.close();
    await root.close();
    await assert.rejects(root.wrap(key, context), { code: 'ERR_ROOT_DENIED', message: /was closed/ });
    assert.ok(await neighbour.wrap(key, context));
  });

  test('has an identifier in the form of RFC 7512', async () => {
    await using root = await openRoot();
    assert.equal(root.id, 'pkcs11:token=bulwark%20test;object=root');
  });

  test('does with one session what it does with four', async () => {
    await using root = await openRoot({ sessionCount: 1 });
    const wrapped = await Promise.all(Array.from({ length: 50 }, () => root.wrap(key, context)));
    assert.deepEqual(await Promise.all(wrapped.map((each) => root.unwrap(each, context))), Array(50).fill(key));
  });

  test('logs in once for all of its calls', async () => {
    let asked = 0;
    const pin = async () => {
      asked += 1;
      return hsm.pin;
    };
    await using root = await openRoot({ pin });
    await Promise.all(Array.from({ length: 20 }, () => root.wrap(key, context)));
    assert.equal(asked, 1);
  });

  test('tries a wrong PIN once, however often it is asked, so that the token does not lock', async () => {
    let asked = 0;
    const pin = () => {
      asked += 1;
      return 'not-the-pin';
    };
    await using root = await openRoot({ pin });
    for (let time = 0; time < 12; time++) {
      await assert.rejects(root.wrap(key, context), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_ROOT_DENIED');
        assert.match(error.message, /CKR_PIN_INCORRECT/);
        assertTellsNothing([error], ['not-the-pin']);
        return true;
      });
    }
    assert.equal(asked, 1);
    await using good = await openRoot();
    assert.ok(await good.wrap(key, context));
  });

  test('logs in anew after the token was away, while others use the same library', async () => {
    await using root = await openRoot();
    await using neighbour = await openRoot({ keyLabel: 'other' });
    const [wrapped, theirs] = await Promise.all([root.wrap(key, context), neighbour.wrap(key, context)]);
    await hsm.takeAway();
    await assert.rejects(root.unwrap(wrapped, context), { code: 'ERR_ROOT_UNAVAILABLE' });
    await hsm.bringBack();
    const opened = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 ? root.unwrap(wrapped, context) : neighbour.unwrap(theirs, context),
      ),
    );
    assert.deepEqual(opened, Array(20).fill(key));
  });

  const refused: { name: string; options: Partial<Pkcs11Options>; code: string; told: RegExp }[] = [
    {
      name: 'a key that is not there',
      options: { keyLabel: 'nothing' },
      code: 'ERR_ROOT_DENIED',
      told: /labelled nothing/,
    },
    {
      name: 'a token that is not there',
      options: { tokenLabel: 'none' },
      code: 'ERR_ROOT_UNAVAILABLE',
      told: /labelled none/,
    },
    {
      name: 'a key that can leave its token',
      options: { keyLabel: 'leaky' },
      code: 'ERR_ROOT_CONFIG',
      told: /not extractable/,
    },
    { name: 'two keys of one label', options: { keyLabel: 'twin' }, code: 'ERR_ROOT_CONFIG', told: /more than one/ },
  ];
  for (const { name, options, code, told } of refused) {
    test(`refuses ${name}`, async () => {
      await using root = await openRoot(options);
      await assert.rejects(root.wrap(key, context), { name: 'KeyringError', code, message: told });
    });
  }

  const settings: { name: string; options: Partial<Pkcs11Options> }[] = [
    { name: 'a library that is none', options: { libraryPath: import.meta.filename } },
    { name: 'a library that is not there', options: { libraryPath: '/nonexistent.so' } },
    { name: 'no label', options: { keyLabel: '' } },
    { name: 'no sessions', options: { sessionCount: 0 } },
  ];
  for (const { name, options } of settings) {
    test(`does not take ${name}`, async () => {
      await assert.rejects(openRoot(options), { code: 'ERR_ROOT_CONFIG' });
    });
  }
});

describe('a key made in a token', () => {
  test('is made once', async () => {
    await assert.rejects(createPkcs11Key(addressOf('root')), { code: 'ERR_ROOT_CONFIG', message: /already/ });
  });

  test('is not made with a wrong PIN', async () => {
    const address = { ...addressOf('new'), pin: () => 'not-the-pin' };
    await assert.rejects(createPkcs11Key(address), { code: 'ERR_ROOT_DENIED', message: /CKR_PIN_INCORRECT/ });
  });

  test('is made while roots use the token, and is of use at once', async () => {
    await using root = await openRoot();
    const wrapped = await root.wrap(key, context);
    await createPkcs11Key(addressOf('later'));
    await using later = await openRoot({ keyLabel: 'later' });
    assert.ok(await later.wrap(key, context));
    assert.deepEqual(await root.unwrap(wrapped, context), key);
  });
});
