import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateAgreementKeyPair, generateHybridKeyPair, generateKey, type KdfAlgorithm } from '@bulwark/crypto';
import { scratch } from '../testing/scratch.ts';
import { inspectFile, localFileKeys, type Opener, openFile, type Recipient, sealFile, verifyFile } from './index.ts';

const [ada, bob] = [generateAgreementKeyPair(), generateAgreementKeyPair()];
const hybrid = generateHybridKeyPair();
const keys = localFileKeys({ archive: generateKey() });

// Whom a file can be sealed to, and what opens it then.
const parties: Record<string, { recipient: Recipient; opener: Opener }> = {
  'an X25519 key': { recipient: { x25519: ada.publicKey }, opener: { identities: [{ x25519: ada.privateKey }] } },
  'a hybrid key': { recipient: { hybrid: hybrid.publicKey }, opener: { identities: [{ hybrid: hybrid.privateKey }] } },
  'a named key': { recipient: { key: 'archive', keys }, opener: { keys } },
};

describe('a file is sealed to', () => {
  for (const [name, { recipient, opener }] of Object.entries(parties)) {
    test(`${name}, and opened by its holder alone`, async () => {
      await using files = await scratch();
      const source = await files.write('content', 'for one');
      await sealFile(source, files.path('sealed'), { recipients: [recipient] });
      await openFile(files.path('sealed'), files.path('opened'), opener);
      assert.equal((await files.read('opened')).toString(), 'for one');
      for (const stranger of [{}, { identities: [{ x25519: bob.privateKey }] }, files, { passphrase: 'guess' }]) {
        await assert.rejects(verifyFile(files.path('sealed'), stranger), { code: 'ERR_KEY_UNKNOWN' });
      }
    });
  }

  test('all of them at once, and each opens it', async () => {
    await using files = await scratch();
    const source = await files.write('content', 'for all');
    const recipients = Object.values(parties).map(({ recipient }) => recipient);
    await sealFile(source, files.path('sealed'), { recipients });
    for (const { opener } of Object.values(parties)) await verifyFile(files.path('sealed'), opener);
    const inspection = await inspectFile(files.path('sealed'));
    assert.deepEqual(
      inspection.recipients.map(({ type }) => type),
      ['x25519', 'hybrid', 'key'],
    );
  });

  test('twenty, and opened by the last', async () => {
    await using files = await scratch();
    const pairs = Array.from({ length: 20 }, generateAgreementKeyPair);
    const recipients = pairs.map(({ publicKey }) => ({ x25519: publicKey }));
    await sealFile(await files.write('content', ''), files.path('sealed'), { recipients });
    await verifyFile(files.path('sealed'), { identities: [{ x25519: pairs[19]!.privateKey }] });
  });
});

describe('a passphrase', () => {
  for (const kdf of ['argon2id', 'pbkdf2-sha512'] as KdfAlgorithm[]) {
    test(`opens what it sealed with ${kdf}, and no other does`, async () => {
      await using files = await scratch();
      const source = await files.write('content', 'secret');
      await sealFile(source, files.path('sealed'), { passphrase: 'correct horse', kdf });
      await openFile(files.path('sealed'), files.path('opened'), { passphrase: 'correct horse' });
      assert.equal((await files.read('opened')).toString(), 'secret');
      const wrong = verifyFile(files.path('sealed'), { passphrase: 'correct house' });
      await assert.rejects(wrong, { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
      const [recipient] = (await inspectFile(files.path('sealed'))).recipients;
      assert.ok(recipient?.id.startsWith(`$${kdf}$`));
    });
  }

  test('whose record asks for more than the limits costs nothing', async () => {
    await using files = await scratch();
    await sealFile(await files.write('content', ''), files.path('sealed'), { passphrase: 'x' });
    const bytes = await files.read('sealed');
    bytes.write('m=6553,t=99', bytes.indexOf('m=65536,t=3'));
    const path = await files.write('greedy', bytes);
    await assert.rejects(verifyFile(path, { passphrase: 'x' }), { code: 'ERR_SEALED_FORMAT' });
  });
});

describe('recipients cannot be changed afterwards:', () => {
  test('one struck out of the header', async () => {
    await using files = await scratch();
    const recipients = [{ x25519: ada.publicKey }, { x25519: bob.publicKey }];
    await sealFile(await files.write('content', 'text'), files.path('sealed'), { recipients }, { metadata: false });
    const bytes = await files.read('sealed');
    const oneLess = Buffer.concat([bytes.subarray(0, 31), bytes.subarray(31 + 101)]);
    oneLess[30] = 1;
    oneLess.writeUInt32BE(bytes.readUInt32BE(8) - 101, 8);
    const path = await files.write('changed', oneLess);
    const opening = verifyFile(path, { identities: [{ x25519: bob.privateKey }] });
    await assert.rejects(opening, { code: 'ERR_OPEN_FAILED' });
  });

  test('a wrapped key of another file put in', async () => {
    await using files = await scratch();
    const source = await files.write('content', 'text');
    for (const name of ['a', 'b']) {
      await sealFile(source, files.path(name), { recipients: [{ x25519: ada.publicKey }] }, { metadata: false });
    }
    const [a, b] = [await files.read('a'), await files.read('b')];
    const path = await files.write('mixed', Buffer.concat([a.subarray(0, 31), b.subarray(31, 132), a.subarray(132)]));
    const opening = verifyFile(path, { identities: [{ x25519: ada.privateKey }] });
    await assert.rejects(opening, { code: 'ERR_OPEN_FAILED' });
  });
});
