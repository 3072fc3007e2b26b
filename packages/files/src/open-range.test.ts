import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { scratch } from '../testing/scratch.ts';
import { openRange, openSealedFile } from './index.ts';

const CHUNK = 16_384;

describe('any part of a sealed file', () => {
  test('is read as slice would cut it, in every way of reading', async () => {
    await using files = await scratch();
    const { content, path } = await files.sealed(70 * CHUNK + 9);
    await using file = await openSealedFile(path, files);
    assert.equal(file.length, content.length);
    assert.equal(file.metadata?.name, 'content');
    const position = fc.oneof(
      fc.integer({ min: 0, max: content.length }),
      fc.constantFrom(0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 64 * CHUNK, 64 * CHUNK + 1, 70 * CHUNK, content.length),
    );
    await fc.assert(
      fc.asyncProperty(position, position, fc.boolean(), async (a, b, isRelative) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const start = isRelative && from < content.length ? from - content.length : from;
        const expected = content.subarray(from, to);
        const streams = [file.stream(start, to), file.webStream(start, to)].map((stream) => buffer(stream));
        for (const part of [await file.read(start, to), ...(await Promise.all(streams))]) {
          assert.ok(part.equals(expected), `${start} to ${to}`);
        }
      }),
      { numRuns: 40 },
    );
    assert.ok((await buffer(file.stream())).equals(content));
    assert.ok((await openRange(path, files, -100)).equals(content.subarray(-100)));
    assert.ok((await openRange(path, files, 5, 9)).equals(content.subarray(5, 9)));
  });

  for (const [start, end] of [
    [0, 101],
    [-101, 5],
    [50, 40],
    [0.5, 1],
    [101, 101],
    [Number.NaN, 1],
  ] as const) {
    test(`but not from ${start} to ${end} of 100 bytes`, async () => {
      await using files = await scratch();
      await using file = await openSealedFile((await files.sealed(100)).path, files);
      await assert.rejects(file.read(start, end), { name: 'FilesError', code: 'ERR_ARGUMENT' });
      assert.throws(() => file.stream(start, end), { name: 'FilesError', code: 'ERR_ARGUMENT' });
      assert.throws(() => file.webStream(start, end), { name: 'FilesError', code: 'ERR_ARGUMENT' });
    });
  }
});

test('a broken chunk spoils only the parts that touch it', async () => {
  await using files = await scratch();
  const { content, bytes } = await files.sealed(3 * CHUNK);
  bytes[bytes.length - 2 * 16_400]! ^= 1; // in the chunk before the last full one
  const path = await files.write('changed', bytes);
  await using file = await openSealedFile(path, files);
  assert.ok((await file.read(0, CHUNK)).equals(content.subarray(0, CHUNK)));
  assert.ok((await file.read(-CHUNK)).equals(content.subarray(-CHUNK)));
  await assert.rejects(file.read(CHUNK - 1, CHUNK + 1), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
  await assert.rejects(buffer(file.stream()), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
  await assert.rejects(buffer(file.webStream()), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
});

test('a file that is cut while it is open is refused', async () => {
  await using files = await scratch();
  const { path, bytes } = await files.sealed(3 * CHUNK);
  await using file = await openSealedFile(path, files);
  await truncate(path, bytes.length - CHUNK);
  await assert.rejects(file.read(), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
});

test('a file that was cut has no end to count from', async () => {
  await using files = await scratch();
  const { path, bytes } = await files.sealed(3 * CHUNK);
  await truncate(path, bytes.length - 16_400);
  await assert.rejects(openRange(path, files, -10), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
});
