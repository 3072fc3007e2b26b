import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { randomBytes } from '@bulwark/crypto';
import { type Scratch, scratch } from '../testing/scratch.ts';
import type { Order } from '../testing/work-child.ts';
import { openFile, type SealFileOptions, sealFile, verifyFile } from './index.ts';

const MIB = 2 ** 20;
const LENGTH = 192 * MIB + 12_345;
const RESUME = { resume: true, durable: false };

/**
 * Has a process seal `content` to `sealed`, or open `whole` to `opened`, and kills it some time after its first report
 * of progress.
 *
 * @returns What it printed: nothing, if it was killed in time.
 */
async function killed(files: Scratch, action: 'seal' | 'open', afterMs: number, run: SealFileOptions): Promise<string> {
  const child = fork(`${import.meta.dirname}/../testing/work-child.ts`, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  const [source, target] = action === 'seal' ? ['content', 'sealed'] : ['whole', 'opened'];
  const order: Order = {
    action,
    source: files.path(source),
    target: files.path(target),
    keyHex: files.keyHex,
    runs: [run],
  };
  child.send(order);
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  const [output] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
  clearTimeout(timer);
  return output;
}

/** Kills a sealing until it left a part. @returns The part's name. */
async function leavePart(files: Scratch, run: SealFileOptions = { ...RESUME, threads: 1 }): Promise<string> {
  for (let i = 0; i < 20; i++) {
    await killed(files, 'seal', 0, run);
    const [part] = (await files.list()).filter((name) => name.endsWith('.part'));
    if (part !== undefined) return part;
  }
  assert.fail('it was never killed in time');
}

const sealAgain = (files: Scratch, options: SealFileOptions = {}) =>
  sealFile(files.path('content'), files.path('sealed'), files.sealFor, { ...RESUME, ...options });

async function assertSealedWhole(files: Scratch): Promise<void> {
  await openFile(files.path('sealed'), files.path('opened'), files, { durable: false });
  assert.ok((await files.read('opened')).equals(await files.read('content')));
  assert.deepEqual(
    (await files.list()).filter((name) => name.endsWith('.part')),
    [],
  );
}

describe('kill -9 at random moments, then resumed, with', () => {
  for (const threads of [1, 2]) {
    test(`${threads} threads: what is sealed and opened in the end is whole`, async () => {
      await using files = await scratch();
      await files.write('content', randomBytes(LENGTH));
      await sealFile(files.path('content'), files.path('whole'), files.sealFor, { durable: false });
      for (const [action, target] of [
        ['seal', 'sealed'],
        ['open', 'opened'],
      ] as const) {
        for (let round = 0; round < 4; round++) {
          await killed(files, action, Math.random() * 100, { ...RESUME, threads });
          if (!(await files.list()).includes(target)) continue;
          if (action === 'seal') await verifyFile(files.path(target), files);
          else assert.ok((await files.read(target)).equals(await files.read('content')));
        }
      }
      await sealAgain(files);
      await openFile(files.path('whole'), files.path('opened'), files, RESUME);
      assert.ok((await files.read('opened')).equals(await files.read('content')));
      await assertSealedWhole(files);
    });
  }
});

describe('a sealing that was killed', () => {
  test('is taken up where it was, and its salt kept', async () => {
    await using files = await scratch();
    await files.write('content', randomBytes(LENGTH));
    const part = await leavePart(files);
    const { length } = await files.read(part);
    const before = (await files.read(part)).subarray(0, length - (length % 16_400) - 16_400);
    assert.ok(!(await files.list()).includes('sealed'));
    const { resumedBytes } = await sealAgain(files);
    assert.ok(resumedBytes > 0 && resumedBytes <= length);
    assert.ok((await files.read('sealed')).subarray(0, before.length).equals(before));
    await assertSealedWhole(files);
  });

  // Each changes something after the kill. Then nothing may be resumed: the salt and every byte must be new.
  const changes: Record<string, (files: Scratch, part: string) => Promise<SealFileOptions | undefined>> = {
    'a source that grew': async (files) => void (await appendFile(files.path('content'), 'x')),
    'a source whose bytes changed, and nothing else': async (files) =>
      void (await writeFile(files.path('content'), 'x', { flag: 'r+' })),
    'another source in its place': async (files) => {
      await files.write('other', await files.read('content'));
      await rename(files.path('other'), files.path('content'));
      return undefined;
    },
    'another context': async () => ({ context: Buffer.from('other') }),
    'other metadata': async () => ({ metadata: { name: 'other' } }),
    'a chunk at its end that was changed': async (files, part) => {
      const bytes = await readFile(files.path(part));
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(files.path(part), bytes);
      return undefined;
    },
    'a header that was changed': async (files, part) => {
      const bytes = await readFile(files.path(part));
      bytes[100]! ^= 1;
      await writeFile(files.path(part), bytes);
      return undefined;
    },
    'a part cut within its header': async (files, part) => void (await truncate(files.path(part), 20)),
    'a part longer than it can be': async (files, part) =>
      void (await appendFile(files.path(part), Buffer.alloc(LENGTH))),
    'a part given the tag of another': async (files, part) => {
      await rename(files.path(part), files.path(part.replace(/[0-9a-f]{32}\.part$/, `${'0'.repeat(32)}.part`)));
      return undefined;
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(`starts anew with ${name}`, async () => {
      await using files = await scratch();
      await files.write('content', randomBytes(LENGTH));
      const part = await leavePart(files);
      const salt = saltOf(await files.read(part));
      const options = (await change(files, part)) ?? {};
      const { resumedBytes } = await sealAgain(files, options);
      assert.equal(resumedBytes, 0);
      assert.notDeepEqual(saltOf(await files.read('sealed')), salt);
      if (options.context === undefined) await assertSealedWhole(files);
      else await verifyFile(files.path('sealed'), files, options);
    });
  }

  test('gives the same bytes where its part was cut, since the source is the same', async () => {
    await using files = await scratch();
    await files.write('content', randomBytes(LENGTH));
    const part = await leavePart(files);
    const bytes = await files.read(part);
    await truncate(files.path(part), bytes.length >> 1);
    const { resumedBytes } = await sealAgain(files);
    assert.ok(resumedBytes > 0);
    assert.ok((await files.read('sealed')).subarray(0, bytes.length).equals(bytes));
    await assertSealedWhole(files);
  });

  test('is taken up by one of two, and both end whole', async () => {
    await using files = await scratch();
    await files.write('content', randomBytes(LENGTH));
    await leavePart(files);
    const results = await Promise.all([sealAgain(files), sealAgain(files)]);
    assert.equal(results.filter(({ resumedBytes }) => resumedBytes > 0).length, 1);
    await assertSealedWhole(files);
  });

  test('is not taken up, nor touched, while its process runs', async () => {
    await using files = await scratch();
    await files.write('content', randomBytes(LENGTH));
    const running = sealAgain(files);
    const { resumedBytes } = await sealAgain(files);
    assert.equal(resumedBytes, 0);
    await running;
    await assertSealedWhole(files);
  });
});

function saltOf(sealed: Buffer): Buffer {
  const header = sealed.readUInt32BE(8);
  return sealed.subarray(header, header + 24);
}
