import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { encodeKdf, newKdf } from '@bulwark/crypto';
import { tempDir } from '../../../../../testing/temp-dir.ts';
import { assertTellsNothing, testRootProvider } from '../../../testing/root-conformance.ts';
import {
  createPassphraseFile,
  createPassphraseRoot,
  openPassphraseFile,
  openPassphraseRoot,
} from './passphrase-root.ts';

const passphrase = 'correct horse battery staple';
const another = 'wrong horse battery staple';
const context = Buffer.from('acme/fields/1');
/** As cheap as may be; the cost of real ones is the KDF's own matter. */
const cheap = () => ({ algorithm: 'argon2id', salt: newKdf().salt, memoryKiB: 8, passes: 1, parallelism: 1 }) as const;

async function setUp() {
  const { record } = await createPassphraseRoot(passphrase, cheap());
  const root = await openPassphraseRoot(passphrase, record);
  const { root: other } = await createPassphraseRoot(another, cheap());
  return { root, other, secrets: [passphrase, another] };
}

testRootProvider('a passphrase', setUp, { canBeAway: false });

describe('a passphrase', () => {
  test('is stretched by Argon2id at the recorded cost', async () => {
    const { record } = await createPassphraseRoot(passphrase);
    assert.match(record.kdf, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
    assert.equal((await openPassphraseRoot(passphrase, record)).id, record.rootId);
  });

  test('is the same from every keyboard', async () => {
    const { root, record } = await createPassphraseRoot('Bäckerstraße im Café', cheap());
    assert.equal((await openPassphraseRoot('Bäckerstraße im Café'.normalize('NFD'), record)).id, root.id);
  });

  for (const algorithm of ['scrypt', 'pbkdf2-sha512'] as const) {
    test(`may be stretched by ${algorithm}`, async () => {
      const { root, record } = await createPassphraseRoot(passphrase, newKdf(algorithm));
      const wrapped = await root.wrap(Buffer.alloc(32, 1), context);
      const again = await openPassphraseRoot(passphrase, record);
      assert.deepEqual(await again.unwrap(wrapped, context), Buffer.alloc(32, 1));
    });
  }

  test('used twice gives two roots', async () => {
    const [one, two] = await Promise.all([
      createPassphraseRoot(passphrase, cheap()),
      createPassphraseRoot(passphrase, cheap()),
    ]);
    assert.notEqual(one.root.id, two.root.id);
  });

  test('that is wrong is told at once, and not repeated', async () => {
    const { record } = await createPassphraseRoot(passphrase, cheap());
    await assert.rejects(openPassphraseRoot(another, record), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_ROOT_KEY_WRONG');
      assert.match(error.message, /^the passphrase is not/);
      assertTellsNothing([error], [passphrase, another]);
      return true;
    });
  });

  for (const short of ['', 'eleven char']) {
    test(`of ${short.length} characters makes no root`, async () => {
      await assert.rejects(createPassphraseRoot(short), { code: 'ERR_ROOT_CONFIG' });
    });
  }

  test('that is no well-formed text makes no root', async () => {
    await assert.rejects(createPassphraseRoot(`${passphrase}\ud800`, cheap()), { code: 'ERR_ROOT_CONFIG' });
  });
});

describe('a passphrase record', () => {
  test("in a file is its owner's alone, and opens again", async () => {
    await using directory = await tempDir();
    const file = path.join(directory.path, 'root.json');
    const root = await createPassphraseFile(file, passphrase, cheap());
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await openPassphraseFile(file, passphrase)).id, root.id);
    await assert.rejects(createPassphraseFile(file, passphrase, cheap()), { code: 'ERR_ROOT_CONFIG' });
    await assert.rejects(openPassphraseFile(path.join(directory.path, 'x'), passphrase), {
      code: 'ERR_ROOT_KEY_MISSING',
    });
  });

  const kdf = encodeKdf(cheap());
  const contents: { name: string; content: string }[] = [
    { name: 'nothing', content: '' },
    { name: 'something else', content: '"text"' },
    { name: 'no identifier', content: JSON.stringify({ kdf }) },
    { name: 'more than it should have', content: JSON.stringify({ kdf, rootId: 'local:00', key: '' }) },
    {
      name: 'a KDF that asks for too much',
      content: JSON.stringify({ kdf: kdf.replace('m=8', 'm=99999999'), rootId: 'local:00' }),
    },
  ];
  for (const { name, content } of contents) {
    test(`with ${name} in it is refused`, async () => {
      await using directory = await tempDir();
      const file = path.join(directory.path, 'root.json');
      await writeFile(file, content, { mode: 0o600 });
      await assert.rejects(openPassphraseFile(file, passphrase), { code: 'ERR_ROOT_CONFIG' });
    });
  }
});
