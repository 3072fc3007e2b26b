import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Scratch, scratch } from '../testing/scratch.ts';
import { openFile, sealFile, verifyFile } from './index.ts';

const MIB = 2 ** 20;

/** Both directions, from a file and from a stream: each writes 20 MiB to `target`. */
const writers: Record<string, (files: Scratch, target: string, options: object) => Promise<unknown>> = {
  sealFile: (files, target, options) => sealFile(files.path('content'), target, files.sealFor, options),
  openFile: (files, target, options) => openFile(files.path('content.sealed'), target, files, options),
  'sealFile of a stream': (files, target, options) => sealFile(slowly(), target, files.sealFor, options),
  'openFile of a stream': async (files, target, options) =>
    openFile(Readable.from([await files.read('content.sealed')]), target, files, options),
};

async function* slowly(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 20; i++) {
    yield Buffer.alloc(MIB, i);
    await sleep(1);
  }
}

for (const [name, write] of Object.entries(writers)) {
  describe(name, () => {
    test('shows no part of the file under its name before it is whole', async () => {
      await using files = await scratch();
      await files.sealed(20 * MIB);
      const target = files.path('target');
      const done = write(files, target, {}).then(() => true);
      let looks = 0;
      let size: number | undefined;
      while ((await Promise.race([done, sleep(1)])) !== true) {
        size = await stat(target).then(
          ({ size }) => size,
          () => undefined,
        );
        assert.ok(size === undefined || size >= 20 * MIB);
        looks++;
      }
      assert.ok(looks > 0);
      assert.deepEqual(await files.list(), ['content', 'content.sealed', 'target']);
    });

    test('is stopped by its signal, throws the reason, and leaves the old target alone', async () => {
      await using files = await scratch();
      await files.sealed(20 * MIB);
      const target = await files.write('target', 'old');
      const reason = new Error('enough');
      const stop = new AbortController();
      const options = { signal: stop.signal, onProgress: () => stop.abort(reason) };
      const timer = setTimeout(() => stop.abort(reason), 5);
      await assert.rejects(write(files, target, options), reason);
      clearTimeout(timer);
      assert.equal(await readFile(target, 'utf8'), 'old');
      assert.deepEqual(await files.list(), ['content', 'content.sealed', 'target']);
      await assert.rejects(write(files, target, { signal: AbortSignal.abort(reason) }), reason);
    });

    test('replaces a target, or refuses to when told so', async () => {
      await using files = await scratch();
      await files.sealed(20 * MIB);
      const target = await files.write('target', 'old');
      await assert.rejects(write(files, target, { replace: false }), { name: 'FilesError', code: 'ERR_TARGET_EXISTS' });
      assert.equal(await readFile(target, 'utf8'), 'old');
      await write(files, target, {});
      assert.ok((await stat(target)).size >= 20 * MIB);
      await write(files, files.path('new'), { replace: false });
      assert.deepEqual(await files.list(), ['content', 'content.sealed', 'new', 'target']);
    });

    test('says what is wrong with a target that cannot be, and leaves nothing', async () => {
      await using files = await scratch();
      await files.sealed(20 * MIB);
      await mkdir(files.path('directory'));
      for (const target of ['directory', 'missing/target']) {
        await assert.rejects(write(files, files.path(target), {}), { name: 'FilesError', code: 'ERR_IO' });
      }
      assert.deepEqual(await files.list(), ['content', 'content.sealed', 'directory']);
    });

    test('twice at once to one target: the last to finish is there, and whole', async () => {
      await using files = await scratch();
      await files.sealed(20 * MIB);
      await Promise.all([1, 2, 3].map((threads) => write(files, files.path('target'), { threads, resume: true })));
      assert.deepEqual(await files.list(), ['content', 'content.sealed', 'target']);
      if (name.startsWith('seal')) await verifyFile(files.path('target'), files);
      else assert.ok((await files.read('target')).equals(await files.read('content')));
    });
  });
}

test('a stream that fails leaves nothing', async () => {
  await using files = await scratch();
  const failure = new Error('connection lost');
  async function* failing() {
    yield Buffer.alloc(MIB);
    throw failure;
  }
  await assert.rejects(sealFile(failing(), files.path('target'), files.sealFor), failure);
  assert.deepEqual(await files.list(), []);
});

describe('a disk that fills up is ERR_DISK_FULL and leaves nothing', () => {
  for (const action of ['seal', 'open', 'seal a stream']) {
    test(`${action}, threads and resumable or not`, async () => {
      await using files = await scratch();
      const { path } = await files.sealed(8 * MIB);
      const child = spawn(
        // A limit on the length of files, in blocks of 512 or 1024 bytes, stands for the disk.
        '/bin/sh',
        ['-c', 'ulimit -f 4096; exec "$@"', 'sh', process.execPath, `${import.meta.dirname}/../testing/work-child.ts`],
        { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
      );
      const source = action === 'open' ? path : files.path('content');
      child.send({
        action,
        source,
        target: files.path('target'),
        keyHex: files.keyHex,
        runs: [{ threads: 1 }, { threads: 2 }, { resume: true }],
      });
      const [output] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
      assert.deepEqual(output.trim().split('\n'), Array(3).fill('ERR_DISK_FULL'));
      assert.deepEqual(await files.list(), ['content', 'content.sealed']);
    });
  }
});
