import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ReadableStream } from 'node:stream/web';
import { describe, test } from 'node:test';
import { generateKey, randomBytes } from '@bulwark/crypto';
import { scratch } from '../testing/scratch.ts';
import {
  type FileMetadata,
  fileOpeningStream,
  fileOpeningTransform,
  fileSealingStream,
  fileSealingTransform,
  localFileKeys,
  type OpenStreamOptions,
  openFile,
  openSealedFile,
  type SealStreamOptions,
  sealFile,
} from './index.ts';

const keys = localFileKeys({ uploads: generateKey() });
const sealFor = { key: 'uploads', keys };

const sealers: Record<string, (pieces: Uint8Array[], options?: SealStreamOptions) => Promise<Buffer>> = {
  'a Node stream': async (pieces, options) =>
    buffer(Readable.from(pieces).pipe(await fileSealingTransform(sealFor, options))),
  'a Web stream': async (pieces, options) =>
    buffer(ReadableStream.from(pieces).pipeThrough(await fileSealingStream(sealFor, options))),
};
const openers: Record<string, (pieces: Uint8Array[], options?: OpenStreamOptions) => Promise<Buffer>> = {
  'a Node stream': (pieces, options) =>
    buffer(Readable.from(pieces).compose(fileOpeningTransform({ keys }, options)) as Readable),
  'a Web stream': (pieces, options) =>
    buffer(ReadableStream.from(pieces).pipeThrough(fileOpeningStream({ keys }, options))),
};

const cut = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

for (const [sealing, seal] of Object.entries(sealers)) {
  for (const [opening, open] of Object.entries(openers)) {
    describe(`${sealing} that seals and ${opening} that opens`, () => {
      for (const size of [1, 11, 12, 13, 400, 20_000]) {
        test(`understand each other in pieces of ${size}`, async () => {
          const content = randomBytes(size === 1 ? 100 : 40_000);
          const metadata = { name: 'a.txt', size: content.length };
          const found: FileMetadata[] = [];
          const sealed = await seal(cut(content, size), { metadata });
          const opened = await open(cut(sealed, size), { onMetadata: (it) => found.push(it) });
          assert.ok(opened.equals(content));
          assert.deepEqual(found, [metadata]);
        });
      }

      test('understand files, with a context, and empty', async () => {
        await using files = await scratch();
        const context = Buffer.from('invoice 7');
        await openFile(await files.write('s', await seal([], { context })), files.path('o'), { keys }, { context });
        assert.equal((await files.read('o')).length, 0);
        await sealFile(files.path('o'), files.path('s'), sealFor, { context });
        assert.equal((await open([await files.read('s')], { context })).length, 0);
        await assert.rejects(open([await files.read('s')]), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
      });
    });
  }
}

for (const [opening, open] of Object.entries(openers)) {
  describe(`${opening} that opens refuses`, () => {
    const cases: Record<string, [Uint8Array[], code: string]> = {
      nothing: [[], 'ERR_NOT_SEALED'],
      text: [[Buffer.from('just some text')], 'ERR_NOT_SEALED'],
      'a mark alone': [[Buffer.from('BWF1')], 'ERR_SEALED_FORMAT'],
      'half a header': [[Buffer.from('42574631010400000000002000', 'hex')], 'ERR_SEALED_FORMAT'],
      'a header without end': [[Buffer.from('4257463101040000ffffffff', 'hex')], 'ERR_SEALED_FORMAT'],
    };
    for (const [name, [pieces, code]] of Object.entries(cases)) {
      test(name, () => assert.rejects(open(pieces), { name: 'FilesError', code }));
    }

    test('a stream that ended early', async () => {
      const sealed = await sealers['a Node stream']!([randomBytes(50_000)]);
      for (const by of [1, 16, 16_400, 49_000]) {
        await assert.rejects(open([sealed.subarray(0, -by)]), { name: 'FilesError', code: 'ERR_OPEN_FAILED' });
      }
    });
  });
}

test('a server seals uploads as they come in, and serves ranges of them', async () => {
  await using files = await scratch();
  const stored = files.path('upload');
  const handle: RequestListener = async (request, response) => {
    if (request.method === 'PUT') {
      await sealFile(request, stored, sealFor);
      response.writeHead(201).end();
      return;
    }
    await using file = await openSealedFile(stored, { keys });
    const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${file.length}` });
    const stream = file.stream(Number(first), Number(last) + 1).pipe(response);
    await once(stream, 'finish');
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const content = randomBytes(3_000_000);
    const upload: RequestInit & { duplex: 'half' } = {
      method: 'PUT',
      body: new Blob([content]).stream(),
      duplex: 'half',
    };
    assert.equal((await fetch(url, upload)).status, 201);
    assert.equal((await files.read('upload')).includes(content.subarray(0, 20)), false);
    const answer = await fetch(url, { headers: { range: 'bytes=1000000-2500000' } });
    assert.equal(answer.headers.get('content-range'), 'bytes 1000000-2500000/3000000');
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(content.subarray(1_000_000, 2_500_001)));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
