import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { waitFor } from '../../../../../testing/wait-for.ts';
import { bulwark, jsonLines, startBulwark } from '../../../testing/run-bulwark.ts';

const MIB = 2 ** 20;
const LENGTH = 256 * MIB + 12_345;
/** What a part has at least when its process is killed. */
const BEGUN = 16 * MIB;
const ATTEMPTS = 10;

let directory: TempDir;
before(async () => {
  directory = await tempDir();
  await writeFile(at('root.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const { code, stderr } = await bulwark(['keys', 'create', 'backups', ...store()]);
  assert.equal(code, 0, stderr);
  await using file = await open(at('plain'), 'w');
  const piece = randomBytes(MIB);
  for (let left = LENGTH; left > 0; left -= piece.length) await file.write(piece.subarray(0, left));
});
after(() => directory.remove());

const at = (name: string) => join(directory.path, name);
const store = () => ['--key-dir', at('keys'), '--root', 'key-file', '--root-key-file', at('root.key')];

async function parts(target: string): Promise<string[]> {
  return (await readdir(dirname(target))).filter((name) => name.endsWith('.part'));
}

/** Starts a command and kills it in the middle of its file. */
async function killHalfway(args: readonly string[], target: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { process: child, finished } = startBulwark(args);
    const isOver = finished.then(() => true);
    const hasBegun = waitFor(
      'a part of the target',
      async () => {
        const [part] = await parts(target);
        return part !== undefined && (await stat(at(part))).size >= BEGUN;
      },
      { timeoutMs: 30_000, everyMs: 2 },
    ).catch(() => false);
    await Promise.race([hasBegun, isOver]);
    child.kill('SIGKILL');
    await finished;
    if ((await parts(target)).length > 0) return;
    await rm(target, { force: true }); // it was quicker
  }
  assert.fail('it was never killed in time');
}

async function resume(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await bulwark([...args, '--json']);
  assert.equal(code, 0, stdout + stderr);
  const done = jsonLines(stdout).find(({ event }) => /^file-(?:en|de)crypted$/.test(String(event)));
  assert.ok(done);
  return done;
}

test('encrypt and decrypt, each killed halfway, go on from there with --resume', async () => {
  const encrypt = ['files', 'encrypt', at('plain'), '--key', 'backups', '--resume', '--threads', '1', ...store()];
  await killHalfway(encrypt, at('plain.bwf'));
  assert.ok(!(await readdir(directory.path)).includes('plain.bwf'));
  const sealed = await resume(encrypt);
  assert.ok(Number(sealed.resumedBytes) >= BEGUN / 2, `${sealed.resumedBytes} bytes were taken up`);
  assert.equal(sealed.bytes, LENGTH);
  assert.deepEqual(await parts(at('plain.bwf')), []);

  const back = ['-o', at('opened'), '--resume', '--threads', '1', ...store()];
  const decrypt = ['files', 'decrypt', at('plain.bwf'), ...back];
  await killHalfway(decrypt, at('opened'));
  assert.ok(!(await readdir(directory.path)).includes('opened'));
  const opened = await resume(decrypt);
  assert.ok(Number(opened.resumedBytes) >= BEGUN / 2, `${opened.resumedBytes} bytes were taken up`);
  assert.deepEqual(await parts(at('opened')), []);
  assert.ok((await readFile(at('opened'))).equals(await readFile(at('plain'))));
});

test('what a run without --resume has left is not taken up', async () => {
  const encrypt = ['files', 'encrypt', at('plain'), '-o', at('anew.bwf'), '--key', 'backups', '--threads', '1'];
  await killHalfway([...encrypt, ...store()], at('anew.bwf'));
  const sealed = await resume([...encrypt, '--resume', ...store()]);
  assert.equal(sealed.resumedBytes, 0);
});
