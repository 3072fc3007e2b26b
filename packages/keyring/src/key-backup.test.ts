import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateAgreementKeyPair, generateHybridKeyPair, generateKey } from '@bulwark/crypto';
import { type KeysFixture, keysFixture } from '../testing/keys-fixture.ts';
import { type BackupOpener, type BackupProtection, backupDigest } from './backup-file.ts';
import { localRoot } from './root.ts';
import { memoryStore } from './stores/memory.ts';

const id = { scope: 't1', name: 'customers' };
const cell = { table: 'customer', column: 'email', row: '42' };
const passphrase = 'correct horse battery staple';
const cheap = { passphrase, kdf: 'pbkdf2-sha256' } as const;

/** A place with a key of two versions, a vault and a destroyed key, and a value that it sealed. */
async function place() {
  const fixture = keysFixture();
  const { keys } = fixture;
  await keys.create(id);
  const sealed = await keys.sealField(id, cell, 'ada@example.test');
  await keys.rotate(id);
  await keys.create({ scope: 't1', name: 'vault' }, { kind: 'vault' });
  await keys.create({ scope: 't1', name: 'gone' });
  await keys.destroy({ scope: 't1', name: 'gone' }, 'all', { confirm: 'gone', reason: 'test', force: true });
  return { ...fixture, sealed };
}

const elsewhere = ({ again }: KeysFixture) => again({ store: memoryStore(), roots: [localRoot(generateKey())] });

describe('a backup opens elsewhere, under another root, with', () => {
  const x25519 = generateAgreementKeyPair();
  const hybrid = generateHybridKeyPair();
  const cases: { name: string; protection: BackupProtection; opener: (shares: readonly string[]) => BackupOpener }[] = [
    { name: 'a passphrase', protection: { passphrase }, opener: () => ({ passphrase }) },
    {
      name: 'an X25519 key',
      protection: { recipients: [hybrid.publicKey, x25519.publicKey] },
      opener: () => ({ privateKey: x25519.privateKey }),
    },
    {
      name: 'a hybrid key',
      protection: { recipients: [x25519.publicKey, hybrid.publicKey] },
      opener: () => ({ privateKey: hybrid.privateKey }),
    },
    {
      name: 'three of five custodians',
      protection: { custodians: { shares: 5, threshold: 3 } },
      opener: (shares) => ({ shares: [shares[4]!, ` ${shares[0]!}\n`, shares[2]!, shares[2]!] }),
    },
    {
      name: 'either of two ways',
      protection: { ...cheap, custodians: { shares: 2, threshold: 2 } },
      opener: () => ({ passphrase }),
    },
  ];
  for (const { name, protection, opener } of cases) {
    test(name, async () => {
      const from = await place();
      const { backup, shares } = await from.keys.exportKeys(undefined, protection);
      assert.equal(shares.length, protection.custodians?.shares ?? 0);
      const to = elsewhere(from);
      const { imported } = await to.importKeys(backup, opener(shares), { digest: backupDigest(backup) });
      assert.deepEqual(imported, [id, { scope: 't1', name: 'vault' }]);
      assert.equal((await to.openField(id, cell, from.sealed)).toString(), 'ada@example.test');
      const [there, here] = [await to.describe(id), await from.keys.describe(id)];
      assert.deepEqual(
        there.versions.map(({ kid, state }) => [kid, state]),
        here.versions.map(({ kid, state }) => [kid, state]),
      );
      assert.deepEqual((await to.importKeys(backup, opener(shares))).present, imported);
    });
  }
});

describe('a backup', () => {
  test('has no key material in clear, as base64 or hex', async () => {
    const { keys, store } = keysFixture();
    await keys.create({ scope: 't1', name: 'ingest' }, { kind: 'secret' });
    const { backup } = await keys.exportKeys(undefined, cheap);
    const { wrapped } = (await store.read({ scope: 't1', name: 'ingest' }))!.material.get(1)![0]!;
    for (const canary of ['ingest', 'secret', wrapped]) assert.equal(backup.includes(canary), false, canary);
  });

  test('brings keys of limited use back with a new version', async () => {
    const from = keysFixture();
    await from.keys.create(id, { suite: 'A256GCM' });
    const sealed = await from.keys.sealField(id, cell, 'x');
    const { backup } = await from.keys.exportKeys([id], cheap);
    const to = elsewhere(from);
    await to.importKeys(backup, { passphrase });
    const { versions } = await to.describe(id);
    assert.deepEqual(
      versions.map(({ state }) => state),
      ['deactivated', 'active'],
    );
    assert.ok(versions[0]!.uses > 0);
    assert.equal((await to.openField(id, cell, sealed)).toString(), 'x');
    await to.sealField(id, cell, 'y');
    assert.deepEqual((await to.importKeys(backup, { passphrase })).present, [id]);
  });

  test('does not touch another key of the same name', async () => {
    const from = await place();
    const { backup } = await from.keys.exportKeys([id], cheap);
    const to = elsewhere(from);
    const { versions } = await to.create(id);
    assert.deepEqual((await to.importKeys(backup, { passphrase })).conflicting, [id]);
    assert.equal((await to.describe(id)).versions[0]?.kid, versions[0]?.kid);
  });
});

describe('a backup is refused', async () => {
  const from = await place();
  const { backup, shares } = await from.keys.exportKeys([id], { ...cheap, custodians: { shares: 3, threshold: 2 } });
  const other = await from.keys.exportKeys([id], { custodians: { shares: 3, threshold: 2 } });
  const edited = (edit: (file: Record<string, unknown>) => object) => JSON.stringify(edit(JSON.parse(backup)));
  const flip = (text: string) => text.replace(/.(?=.{20}$)/, (c) => (c === 'A' ? 'B' : 'A'));

  const cases: { name: string; backup: string; opener: BackupOpener; code: string }[] = [
    { name: 'with another passphrase', backup, opener: { passphrase: 'wrong' }, code: 'ERR_BACKUP_OPEN' },
    { name: 'with a key that it is not for', backup, opener: { privateKey: generateKey() }, code: 'ERR_BACKUP_OPEN' },
    { name: 'with too few shares', backup, opener: { shares: shares.slice(0, 1) }, code: 'ERR_BACKUP_OPEN' },
    { name: 'with one share twice', backup, opener: { shares: [shares[0]!, shares[0]!] }, code: 'ERR_BACKUP_OPEN' },
    {
      name: "with another backup's share",
      backup,
      opener: { shares: [shares[0]!, other.shares[1]!] },
      code: 'ERR_BACKUP_OPEN',
    },
    {
      name: 'with a mistyped share',
      backup,
      opener: { shares: [shares[0]!, flip(shares[1]!)] },
      code: 'ERR_BACKUP_FORMAT',
    },
    { name: 'with a share that is none', backup, opener: { shares: ['abc', 'def'] }, code: 'ERR_BACKUP_FORMAT' },
    {
      name: 'whose body was changed',
      backup: edited((file) => ({ ...file, body: flip(file.body as string) })),
      opener: { passphrase },
      code: 'ERR_BACKUP_OPEN',
    },
    {
      name: 'whose date was changed',
      backup: edited((file) => ({ ...file, createdAt: 1 })),
      opener: { passphrase },
      code: 'ERR_BACKUP_OPEN',
    },
    {
      name: 'that asks for endless work',
      backup: backup.replace(/i=\d+/, 'i=4000000000'),
      opener: { passphrase },
      code: 'ERR_BACKUP_OPEN',
    },
    {
      name: 'of a later version',
      backup: edited((file) => ({ ...file, version: 2 })),
      opener: { passphrase },
      code: 'ERR_BACKUP_FORMAT',
    },
    { name: 'that is something else', backup: 'null', opener: { passphrase }, code: 'ERR_BACKUP_FORMAT' },
  ];
  for (const { name, backup: file, opener, code } of cases) {
    test(name, () => assert.rejects(elsewhere(from).importKeys(file, opener), { code }));
  }

  test('with another digest than was written down', () =>
    assert.rejects(elsewhere(from).importKeys(backup, { passphrase }, { digest: backupDigest(other.backup) }), {
      code: 'ERR_BACKUP_FORMAT',
    }));

  const protections: { name: string; protection: BackupProtection }[] = [
    { name: 'without protection', protection: {} },
    { name: 'with an empty passphrase', protection: { passphrase: '' } },
    { name: 'for one custodian', protection: { custodians: { shares: 1, threshold: 1 } } },
    { name: 'with a threshold above the shares', protection: { custodians: { shares: 2, threshold: 3 } } },
  ];
  for (const { name, protection } of protections) {
    test(name, () => assert.rejects(from.keys.exportKeys([id], protection), { code: 'ERR_ARGUMENT' }));
  }
});
