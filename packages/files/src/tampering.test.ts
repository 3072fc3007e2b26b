import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Scratch, scratch } from '../testing/scratch.ts';
import {
  FilesError,
  type FilesErrorCode,
  fileOpeningTransform,
  openFile,
  openSealedFile,
  verifyFile,
} from './index.ts';

const CHUNK = 16_384;
const SEALED_CHUNK = 16_400;

/** Known from the header alone, or the one code of everything else. */
const REFUSALS: readonly FilesErrorCode[] = [
  'ERR_NOT_SEALED',
  'ERR_SEALED_FORMAT',
  'ERR_KEY_UNKNOWN',
  'ERR_OPEN_FAILED',
];

/** Asserts that every way of opening refuses the bytes with the code, and leaves nothing. */
async function assertRefused(files: Scratch, bytes: Uint8Array, what: string, code?: FilesErrorCode): Promise<void> {
  const path = await files.write('changed', bytes);
  const before = await files.list();
  const ways: Record<string, () => Promise<unknown>> = {
    openFile: () => openFile(path, files.path('opened'), files, { durable: false }),
    verifyFile: () => verifyFile(path, files),
    'openFile of a stream': () => openFile(Readable.from([bytes]), files.path('opened'), files, { durable: false }),
    fileOpeningTransform: () => buffer(Readable.from([bytes]).compose(fileOpeningTransform(files))),
    'openSealedFile and read': async () => {
      await using file = await openSealedFile(path, files);
      await file.read();
    },
  };
  for (const [way, open] of Object.entries(ways)) {
    await assert.rejects(open, (error) => {
      assert.ok(error instanceof FilesError, `${what}, ${way}: ${error}`);
      assert.ok(code === undefined ? REFUSALS.includes(error.code) : error.code === code, `${what}: ${error.code}`);
      assert.equal(error.cause, undefined);
      return true;
    });
  }
  assert.deepEqual(await files.list(), before, what);
}

/** The parts of a sealed file: header, salt and commitment, chunks. */
function partsOf(bytes: Buffer) {
  const headerBytes = bytes.readUInt32BE(8);
  const header = bytes.subarray(0, headerBytes);
  const message = bytes.subarray(headerBytes, headerBytes + 56);
  const body = bytes.subarray(headerBytes + 56);
  const chunks = Array.from({ length: Math.ceil(body.length / SEALED_CHUNK) }, (_, i) =>
    body.subarray(i * SEALED_CHUNK, (i + 1) * SEALED_CHUNK),
  );
  return { header, message, chunks };
}

describe('a sealed file is refused, and nothing is left, when', () => {
  test('it is cut at any structural place', async () => {
    await using files = await scratch();
    const { bytes } = await files.sealed(3 * CHUNK + 100);
    const header = partsOf(bytes).header.length;
    const places: [at: number, code: FilesErrorCode][] = [
      ...[0, 3].map((at): [number, FilesErrorCode] => [at, 'ERR_NOT_SEALED']),
      ...[4, 5, 6, 8, 11, 12, 30, 31, header - 1].map((at): [number, FilesErrorCode] => [at, 'ERR_SEALED_FORMAT']),
      ...[0, 1, 24, 55, 56, 57, 71].map((at): [number, FilesErrorCode] => [header + at, 'ERR_OPEN_FAILED']),
      ...[1, 2, 3].flatMap((n) =>
        [-16, -1, 0, 1, 15, 16, 17].map((by): [number, FilesErrorCode] => [
          header + 56 + n * SEALED_CHUNK + by,
          'ERR_OPEN_FAILED',
        ]),
      ),
      [bytes.length - 1, 'ERR_OPEN_FAILED'],
    ];
    for (const [at, code] of places) await assertRefused(files, bytes.subarray(0, at), `cut at ${at}`, code);
  });

  test('any bit of its header is flipped', async () => {
    await using files = await scratch();
    const { bytes } = await files.sealed(10);
    const bits = partsOf(bytes).header.length * 8;
    for (let bit = 0; bit < bits; bit += 1 + (bit > 31 * 8 ? 40 : 0)) {
      await assertRefused(files, flipped(bytes, bit), `bit ${bit}`);
    }
  });

  test('any bit of salt, commitment or a chunk is flipped', async () => {
    await using files = await scratch();
    const { bytes } = await files.sealed(CHUNK + 100);
    const start = partsOf(bytes).header.length * 8;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: start, max: bytes.length * 8 - 1 }), (bit) =>
        assertRefused(files, flipped(bytes, bit), `bit ${bit}`, 'ERR_OPEN_FAILED'),
      ),
      { numRuns: 40 },
    );
  });

  test('chunks are swapped, doubled, cut out, taken from another file, or bytes are appended', async () => {
    await using files = await scratch();
    const other = partsOf((await files.sealed(3 * CHUNK + 100)).bytes);
    const { header, message, chunks } = partsOf((await files.sealed(3 * CHUNK + 100)).bytes);
    const [a, b, c, last] = chunks as [Buffer, Buffer, Buffer, Buffer];
    const changes: Record<string, Buffer[]> = {
      'two chunks swapped': [header, message, b, a, c, last],
      'a chunk doubled': [header, message, a, a, b, c, last],
      'a chunk cut out': [header, message, a, c, last],
      'the last chunk cut off': [header, message, a, b, c],
      'the last chunk twice': [header, message, a, b, c, last, last],
      "another file's chunk": [header, message, a, other.chunks[1]!, c, last],
      "another file's header": [other.header, message, a, b, c, last],
      "another file's salt and commitment": [header, other.message, a, b, c, last],
      "another file's body": [header, other.message, ...other.chunks],
      'a byte appended': [header, message, a, b, c, last, Buffer.alloc(1)],
      'a chunk of zeros appended': [header, message, a, b, c, last, Buffer.alloc(SEALED_CHUNK)],
    };
    for (const [name, parts] of Object.entries(changes)) {
      await assertRefused(files, Buffer.concat(parts), name, 'ERR_OPEN_FAILED');
    }
  });

  test('a range in the middle of many is broken, by one thread and by several', async () => {
    await using files = await scratch();
    const { bytes } = await files.sealed(200 * CHUNK);
    bytes[bytes.length >> 1]! ^= 1;
    const path = await files.write('changed', bytes);
    const before = await files.list();
    for (const threads of [1, 2, 3]) {
      const opening = openFile(path, files.path('opened'), files, { threads, durable: false });
      await assert.rejects(opening, { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
    }
    assert.deepEqual(await files.list(), before);
  });
});

test('the last chunk is checked before the first is opened', async () => {
  await using files = await scratch();
  const { path, bytes } = await files.sealed(2 * CHUNK);
  await files.write('content.sealed', bytes.subarray(0, bytes.length - SEALED_CHUNK));
  await assert.rejects(openSealedFile(path, files), { code: 'ERR_OPEN_FAILED' });
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
