import assert from 'node:assert/strict';
import { appendFile, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { describe, test } from 'node:test';
import { generateKey, randomBytes } from '@bulwark/crypto';
import fc from 'fast-check';
import { scratch } from '../testing/scratch.ts';
import { type FileKeys, inspectFile, localFileKeys, openFile, type Progress, sealFile, verifyFile } from './index.ts';

const CHUNK = 16_384;
const RANGE = 64 * CHUNK;
const LENGTHS = [0, 1, 100, ...[1, 2, 3].flatMap((n) => [-1, 0, 1].map((by) => n * CHUNK + by))];

describe('a file is opened as it was sealed', () => {
  for (const length of [...LENGTHS, RANGE - 1, RANGE, RANGE + 1, 3 * RANGE + 5]) {
    test(`with ${length} bytes`, async () => {
      await using files = await scratch();
      const { content, path, bytes } = await files.sealed(length);
      const { headerBytes, plaintextBytes, sealedBytes } = await inspectFile(path);
      assert.deepEqual([plaintextBytes, sealedBytes], [length, bytes.length]);
      assert.equal(bytes.length, headerBytes + 56 + length + 16 * (Math.floor(length / CHUNK) + 1));

      const opened = await openFile(path, files.path('opened'), { keys: files.keys }, { durable: false });
      assert.ok((await files.read('opened')).equals(content));
      assert.equal(opened.plaintextBytes, length);
      assert.equal(opened.metadata?.size, length);
      assert.equal((await verifyFile(path, { keys: files.keys })).plaintextBytes, length);
    });
  }

  for (const threads of [1, 2, 3]) {
    test(`by ${threads} threads, whatever number sealed it`, async () => {
      await using files = await scratch();
      const { content, path } = await files.sealed(40 * RANGE + 123, { threads });
      for (const others of [1, 2, 3]) {
        await openFile(path, files.path('opened'), { keys: files.keys }, { threads: others, durable: false });
        assert.ok((await files.read('opened')).equals(content));
      }
    });
  }

  test('from streams of Node and of the Web, in pieces of any size', async () => {
    await using files = await scratch();
    const content = randomBytes(5 * CHUNK + 77);
    const pieces = [0, 1, 5, 1000, 20_000, 30_000, content.length].map((end, i, ends) =>
      content.subarray(ends[i - 1] ?? 0, end),
    );
    for (const source of [pieces.values(), Readable.from(pieces), ReadableStream.from(pieces)]) {
      const stream = Symbol.asyncIterator in source ? source : Readable.from(source);
      const sealed = await sealFile(stream, files.path('sealed'), files.sealFor);
      assert.equal(sealed.plaintextBytes, content.length);
      assert.equal(sealed.sealedBytes, (await stat(files.path('sealed'))).size);
      const bytes = await files.read('sealed');
      await openFile(Readable.from([bytes.subarray(0, 20), bytes.subarray(20)]), files.path('a'), files);
      await openFile(files.path('sealed'), files.path('b'), files);
      assert.ok((await files.read('a')).equals(content));
      assert.ok((await files.read('b')).equals(content));
    }
  });

  test('whatever its length and context', async () => {
    await using files = await scratch();
    const context = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.nat(3 * CHUNK), context, async (length, bytes) => {
        const options = { durable: false, ...(bytes && { context: bytes }) };
        const { content, path } = await files.sealed(length, options);
        await openFile(path, files.path('opened'), files, options);
        assert.ok((await files.read('opened')).equals(content));
        const other = Buffer.concat([bytes ?? Buffer.alloc(0), Buffer.alloc(bytes ? 1 : 0)]);
        await assert.rejects(verifyFile(path, files, { context: other }), { code: 'ERR_OPEN_FAILED' });
      }),
      { numRuns: 25 },
    );
  });

  test('with its metadata, or what was given for it, or none', async () => {
    await using files = await scratch();
    const source = await files.write('holiday.jpg', 'jpeg');
    await utimes(source, 1, 1_900_000_000);
    const metadata = { name: 'x', type: 'image/jpeg' };
    const found = { name: 'holiday.jpg', size: 4, modifiedAt: 1_900_000_000_000 };
    for (const [given, expected] of [
      [undefined, found],
      [metadata, metadata],
      [false, undefined],
    ] as const) {
      await sealFile(source, files.path('s'), files.sealFor, given === undefined ? {} : { metadata: given });
      assert.deepEqual((await verifyFile(files.path('s'), files)).metadata, expected);
      assert.equal((await files.read('s')).includes('holiday'), false);
    }
  });
});

test('a sealed file and an opened one are for their owner alone', async () => {
  await using files = await scratch();
  const { path } = await files.sealed(10);
  await openFile(path, files.path('opened'), files);
  for (const name of ['content.sealed', 'opened']) assert.equal((await stat(files.path(name))).mode & 0o777, 0o600);
});

test('a file sealed twice never gives the same bytes', async () => {
  await using files = await scratch();
  const source = await files.write('content', 'same');
  await sealFile(source, files.path('a'), files.sealFor);
  await sealFile(source, files.path('b'), files.sealFor);
  assert.notDeepEqual((await files.read('a')).subarray(-30), (await files.read('b')).subarray(-30));
});

describe('a key name', () => {
  test('seals with its newest version, and all versions open', async () => {
    await using files = await scratch();
    const versions = [generateKey(), generateKey()];
    const source = await files.write('content', 'text');
    const first = await sealFile(source, files.path('1'), {
      key: 'k',
      keys: localFileKeys({ k: versions.slice(0, 1) }),
    });
    const keys = localFileKeys({ k: versions });
    const second = await sealFile(source, files.path('2'), { key: 'k', keys });
    assert.notDeepEqual(first.kid, second.kid);
    for (const [name, { kid }] of [
      ['1', first],
      ['2', second],
    ] as const) {
      await verifyFile(files.path(name), { keys });
      assert.equal((await inspectFile(files.path(name))).kid, Buffer.from(kid).toString('hex'));
    }
  });

  test('that is not there is ERR_KEY_UNKNOWN, as is a key that is gone', async () => {
    await using files = await scratch();
    const { path } = await files.sealed(10);
    const sealing = sealFile(path, files.path('x'), { key: 'other', keys: files.keys });
    await assert.rejects(sealing, { name: 'FilesError', code: 'ERR_KEY_UNKNOWN' });
    for (const opener of [{}, { keys: localFileKeys({}) }, { passphrase: 'x' }]) {
      await assert.rejects(verifyFile(path, opener), { name: 'FilesError', code: 'ERR_KEY_UNKNOWN' });
    }
  });

  test('that answers with another key than the file names is not believed', async () => {
    await using files = await scratch();
    const { path } = await files.sealed(10);
    const other = await localFileKeys({ k: generateKey() }).sealing('k');
    const wrong: FileKeys = { sealing: async () => other, opening: async () => other };
    await assert.rejects(verifyFile(path, { keys: wrong }), { code: 'ERR_KEY_UNKNOWN' });
    const kid = (await files.keys.sealing('files')).kid;
    const renamed: FileKeys = { ...wrong, opening: async () => ({ kid, messageKey: other.messageKey }) };
    await assert.rejects(verifyFile(path, { keys: renamed }), { code: 'ERR_OPEN_FAILED' });
  });

  test('whose source fails passes the failure on', async () => {
    await using files = await scratch();
    const { path } = await files.sealed(10);
    const away = new Error('the key service is away');
    const keys: FileKeys = { sealing: () => Promise.reject(away), opening: () => Promise.reject(away) };
    await assert.rejects(verifyFile(path, { keys }), away);
    await assert.rejects(sealFile(path, files.path('x'), { key: 'files', keys }), away);
  });
});

describe('a source that changes while it is sealed is detected when it', () => {
  const changes: Record<string, (path: string) => Promise<void>> = {
    grows: (path) => appendFile(path, 'more'),
    shrinks: (path) => truncate(path, 3 * RANGE),
    'is rewritten, its time put back': async (path) => {
      const { atime, mtime } = await stat(path);
      await writeFile(path, 'x', { flag: 'r+' });
      await utimes(path, atime, mtime);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, async () => {
      await using files = await scratch();
      const source = await files.write('content', Buffer.alloc(8 * RANGE));
      const keys: FileKeys = {
        ...files.keys,
        // Called after the source was opened, before any of it is read.
        async sealing(key) {
          await change(source);
          return files.keys.sealing(key);
        },
      };
      const sealing = sealFile(source, files.path('sealed'), { key: 'files', keys });
      await assert.rejects(sealing, { name: 'FilesError', code: 'ERR_SOURCE_CHANGED' });
      assert.deepEqual(await files.list(), ['content']);
    });
  }

  test('is a stream of another length than its metadata says', async () => {
    await using files = await scratch();
    const sealing = sealFile(Readable.from([Buffer.alloc(5)]), files.path('s'), files.sealFor, {
      metadata: { size: 6 },
    });
    await assert.rejects(sealing, { code: 'ERR_SOURCE_CHANGED' });
    assert.deepEqual(await files.list(), []);
  });
});

describe('sealFile and openFile tell how far they are', () => {
  for (const threads of [1, 2]) {
    test(`with ${threads} threads`, async () => {
      await using files = await scratch();
      const reports: Progress[] = [];
      const options = { threads, durable: false, onProgress: (progress: Progress) => reports.push(progress) };
      const { path } = await files.sealed(10 * RANGE, options);
      await openFile(path, files.path('opened'), files, options);
      const ends = reports.filter(({ secondsLeft }) => secondsLeft === 0);
      assert.equal(ends.length, 2);
      for (const { bytes, totalBytes } of ends) assert.deepEqual([bytes, totalBytes], [10 * RANGE, 10 * RANGE]);
    });
  }
});

describe('sealFile refuses', () => {
  const cases: Record<string, (path: string) => object> = {
    'no recipients': () => ({ recipients: [] }),
    'twenty-one recipients': () => ({ recipients: Array(21).fill({ x25519: Buffer.alloc(32, 9) }) }),
    'a public key of another length': () => ({ recipients: [{ x25519: Buffer.alloc(31) }] }),
    'an empty passphrase': () => ({ passphrase: '' }),
  };
  for (const [name, sealFor] of Object.entries(cases)) {
    test(name, async () => {
      await using files = await scratch();
      const source = await files.write('content', 'text');
      const sealing = sealFile(source, files.path('s'), sealFor(source) as { passphrase: string });
      await assert.rejects(sealing, { name: 'FilesError', code: 'ERR_ARGUMENT' });
      assert.deepEqual(await files.list(), ['content']);
    });
  }

  test('a number of threads that cannot be, a directory, a file that is not there', async () => {
    await using files = await scratch();
    const source = await files.write('content', 'text');
    for (const threads of [0, -1, 1.5, 65, Number.NaN]) {
      await assert.rejects(sealFile(source, files.path('s'), files.sealFor, { threads }), { code: 'ERR_ARGUMENT' });
    }
    await assert.rejects(sealFile(files.path('.'), files.path('s'), files.sealFor), { code: 'ERR_ARGUMENT' });
    await assert.rejects(sealFile(files.path('no'), files.path('s'), files.sealFor), { code: 'ERR_IO' });
    assert.deepEqual(await readFile(source, 'utf8'), 'text');
  });
});
