import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ReadableStream } from 'node:stream/web';
import { describe, test } from 'node:test';
import { assertRefused, assertTamperProof } from '../testing/tampering.ts';
import { COBBLESTONE_VECTORS } from '../vectors/cobblestone-256.ts';
import { SEALED_CHUNK_BYTES } from './chunk-cipher.ts';
import { CryptoError } from './errors.ts';
import { openMessage, plaintextLength, sealedLength, sealMessage } from './message.ts';
import { openMessageReader } from './message-reader.ts';
import {
  MessageOpener,
  MessageSealer,
  openingStream,
  openingTransform,
  sealingStream,
  sealingTransform,
} from './message-stream.ts';
import { generateKey, randomBytes } from './random.ts';

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex');
const sourceOf = (bytes: Uint8Array) => ({
  length: bytes.length,
  read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
});

// Piece sizes around every boundary that matters.
const PIECES = [1, 15, 16, 55, 56, 57, 16_383, 16_384, 16_385, 16_399, 16_400, 16_401, 100_000];

function* pieces(bytes: Uint8Array, sizes: readonly number[] = PIECES) {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

type Whole = (key: Uint8Array, bytes: Uint8Array, context: Uint8Array) => Buffer | Promise<Buffer>;
const through = (stream: { update(piece: Uint8Array): Buffer; final(): Buffer }, parts: Iterable<Uint8Array>) => {
  const output = Array.from(parts, (part) => stream.update(part));
  return Buffer.concat([...output, stream.final()]);
};

// Every way to seal and every way to open; each is tried with each.
const sealers: Record<string, Whole> = {
  whole: sealMessage,
  'in pieces': (key, bytes, context) => through(new MessageSealer(key, context), pieces(bytes)),
  'as a Node stream': (key, bytes, context) =>
    buffer(Readable.from(pieces(bytes)).pipe(sealingTransform(key, context))),
  'as a Web stream': (key, bytes, context) =>
    buffer(ReadableStream.from(pieces(bytes)).pipeThrough(sealingStream(key, context))),
};
const openers: Record<string, Whole> = {
  whole: openMessage,
  'in pieces': (key, bytes, context) => through(new MessageOpener(key, context), pieces(bytes)),
  'byte by byte': (key, bytes, context) => through(new MessageOpener(key, context), pieces(bytes, [1])),
  'as a Node stream': async (key, bytes, context) => {
    const opening = openingTransform(key, context);
    return buffer(Readable.from(pieces(bytes)).pipe(opening));
  },
  'as a Web stream': async (key, bytes, context) =>
    buffer(ReadableStream.from(pieces(bytes)).pipeThrough(openingStream(key, context))),
  'by random access': async (key, bytes, context) => (await openMessageReader(key, sourceOf(bytes), context)).read(0),
};

describe('Cobblestone-256, as Wycheproof has it,', () => {
  for (const vector of COBBLESTONE_VECTORS) {
    for (const [way, open] of Object.entries(openers)) {
      test(`${vector.name}: is ${vector.valid ? 'opened' : 'refused'} ${way}`, async () => {
        const opened = async () => open(vector.key, vector.sealed, vector.context);
        if (!vector.valid) return assert.rejects(opened, CryptoError);
        const message = await opened();
        assert.equal(message.length, vector.message?.length);
        assert.equal(sha512(message), vector.message?.sha512);
      });
    }
  }

  for (const vector of COBBLESTONE_VECTORS.filter(({ valid, headerFailure }) => !valid && !headerFailure)) {
    test(`${vector.name}: gives out no more than its valid start, and goes on refusing`, () => {
      const opener = new MessageOpener(vector.key, vector.context);
      const released: Buffer[] = [];
      assertRefused(() => {
        for (const piece of pieces(vector.sealed)) released.push(opener.update(piece));
        released.push(opener.final());
      }, 'ERR_OPEN_FAILED');
      const message = Buffer.concat(released);
      assert.ok(message.length <= (vector.message?.length ?? 0));
      if (message.length > 0) assert.equal(sha512(message), vector.message?.sha512);
      assertRefused(() => opener.update(vector.sealed), 'ERR_OPEN_FAILED');
      assertRefused(() => opener.final(), 'ERR_OPEN_FAILED');
    });

    test(`${vector.name}: has a length that is authentic ${vector.validFinalChunk ? '' : 'never'}`, async () => {
      const opening = openMessageReader(vector.key, sourceOf(vector.sealed), vector.context);
      if (vector.validFinalChunk) await opening;
      else await assert.rejects(opening, { code: 'ERR_OPEN_FAILED' });
    });
  }
});

describe('a message', () => {
  const key = generateKey();
  const context = Buffer.from('backup 7');
  const lengths = [0, 1, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 300_000];

  for (const length of lengths) {
    for (const [sealing, seal] of Object.entries(sealers)) {
      test(`of ${length} bytes sealed ${sealing} is opened every way but byte by byte`, async () => {
        const message = randomBytes(length);
        const sealed = await seal(key, message, context);
        assert.equal(sealed.length, sealedLength(length));
        assert.equal(plaintextLength(sealed.length), length);
        for (const [opening, open] of Object.entries(openers)) {
          if (opening === 'byte by byte') continue;
          assert.ok((await open(key, sealed, context)).equals(message), opening);
        }
      });
    }
  }

  test('of any bytes opens again, and refuses every change', () => {
    assertTamperProof(
      (plaintext, aad) => sealMessage(key, plaintext, aad),
      (sealed, aad) => openMessage(key, sealed, aad),
      'ERR_OPEN_FAILED',
    );
  });

  test('is refused by every way of opening when chunks are cut, swapped, doubled or added', async () => {
    const sealed = sealMessage(key, randomBytes(3 * 16_384 + 5), context);
    const [header, body] = [sealed.subarray(0, 56), sealed.subarray(56)];
    const chunk = (i: number) => body.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES);
    const changed: Record<string, Buffer[]> = {
      'the last chunk cut off': [chunk(0), chunk(1), chunk(2)],
      'a chunk cut out': [chunk(0), chunk(2), chunk(3)],
      'only the last chunk': [chunk(3)],
      'two chunks swapped': [chunk(1), chunk(0), chunk(2), chunk(3)],
      'a chunk doubled': [chunk(0), chunk(0), chunk(2), chunk(3)],
      'the last chunk twice': [chunk(0), chunk(1), chunk(2), chunk(3), chunk(3)],
      'one byte more': [body, Buffer.alloc(1)],
    };
    for (const [change, parts] of Object.entries(changed)) {
      for (const [way, open] of Object.entries(openers)) {
        const attempt = async () => open(key, Buffer.concat([header, ...parts]), context);
        await assert.rejects(attempt, { code: 'ERR_OPEN_FAILED' }, `${change}, ${way}`);
      }
    }
  });

  test('is refused with the header of another message under the same key', () => {
    const [a, b] = [sealMessage(key, context, context), sealMessage(key, context, context)];
    const mixed = Buffer.concat([a.subarray(0, 56), b.subarray(56)]);
    assertRefused(() => openMessage(key, mixed, context), 'ERR_OPEN_FAILED');
  });

  test('never gives the same bytes twice', () => {
    assert.notDeepEqual(sealMessage(key, context, context), sealMessage(key, context, context));
  });

  test('ends once: no piece is sealed after the last', () => {
    const sealer = new MessageSealer(key, context);
    sealer.final();
    assertRefused(() => sealer.update(context), 'ERR_ARGUMENT');
    assertRefused(() => sealer.final(), 'ERR_ARGUMENT');
  });

  test('needs a key of 32 bytes', async () => {
    const short = key.subarray(1);
    for (const way of [...Object.values(sealers), ...Object.values(openers)]) {
      await assert.rejects(async () => way(short, Buffer.alloc(100), context), { code: 'ERR_KEY_LENGTH' });
    }
  });

  test('crosses 256 chunks and is then opened by random access', async () => {
    const message = randomBytes(257 * 16_384 + 3);
    const sealed = sealMessage(key, message, context);
    const reader = await openMessageReader(key, sourceOf(sealed), context);
    assert.equal(reader.length, message.length);
    const ranges = [
      [0, 1],
      [16_383, 16_385],
      [255 * 16_384 - 1, 257 * 16_384 + 1],
      [message.length - 1],
      [message.length],
    ];
    for (const [start = 0, end] of ranges) {
      assert.ok((await reader.read(start, end)).equals(message.subarray(start, end)), `${start} to ${end}`);
    }
    assert.ok(openMessage(key, sealed, context).equals(message));
  });

  test('is read in parts: a broken chunk spoils only the ranges that touch it', async () => {
    const message = randomBytes(40_000);
    const sealed = sealMessage(key, message, context);
    sealed[56 + SEALED_CHUNK_BYTES] = (sealed[56 + SEALED_CHUNK_BYTES] ?? 0) ^ 1;
    const reader = await openMessageReader(key, sourceOf(sealed), context);
    assert.ok((await reader.read(0, 16_384)).equals(message.subarray(0, 16_384)));
    assert.ok((await reader.read(32_768)).equals(message.subarray(32_768)));
    await assert.rejects(reader.read(16_383, 16_385), { code: 'ERR_OPEN_FAILED' });
  });

  for (const [start, end] of [
    [-1, 1],
    [0, 101],
    [2, 1],
    [0.5, 1],
    [101, 101],
    [0, Number.NaN],
  ] as const) {
    test(`has no range from ${start} to ${end}`, async () => {
      const reader = await openMessageReader(key, sourceOf(sealMessage(key, Buffer.alloc(100), context)), context);
      await assert.rejects(reader.read(start, end), { code: 'ERR_ARGUMENT' });
    });
  }

  test('is refused when its source is cut while it is read', async () => {
    const sealed = sealMessage(key, Buffer.alloc(40_000), context);
    const source = {
      length: sealed.length,
      read: (at: number, n: number) => sealed.subarray(0, 30_000).subarray(at, at + n),
    };
    await assert.rejects(openMessageReader(key, source, context), { code: 'ERR_OPEN_FAILED' });
  });
});
