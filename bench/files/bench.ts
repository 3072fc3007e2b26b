import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, constants as fs, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateKey } from '@bulwark/crypto';
import { localFileKeys, openFile, sealFile } from '@bulwark/files';
import { median } from '../median.ts';
import { ageEncryption } from './age-encryption.ts';

const HELP = `usage: npm run bench -- files [options]

Seals and opens one file on disk in every way in turns, and compares the medians with the bare node:crypto chunk loop:
read 1 MiB, AES-256-GCM in chunks of 16 KiB, write, on one thread. MiB/s tells how long one waits; MiB for each second of
CPU, of the programs that are run too, tells what a core does, and depends less on what else the machine has to do.
Needs Linux, age and openssl, and takes npm's age-encryption along after npm ci --prefix bench/peers. Nobody syncs to the
disk but the ways that say so.

  --mib N      length of the file in MiB (default 256)
  --rounds N   rounds of each way (default 5)
  --dir DIR    where the files are (default: the system's temporary directory)
  --only WAYS  only the bare loop and the ways that this regular expression finds
  --json       one JSON object instead of the table
`;

const CHUNK = 16_384;
const SEALED_CHUNK = CHUNK + 16;
const RANGE_CHUNKS = 64;

/** One way to seal a file and open it again. */
interface Way {
  seal(source: string, target: string): Promise<void> | void;
  open(source: string, target: string): Promise<void> | void;
}

/** What each round took, in seconds. */
interface Times {
  seal: Time[];
  open: Time[];
}

interface Time {
  readonly elapsed: number;
  /** Of this process and of those it ran. */
  readonly cpu: number;
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mib: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '5' },
      dir: { type: 'string', default: tmpdir() },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const mib = Number(values.mib);
  const directory = await mkdtemp(join(values.dir, 'bulwark-bench-'));
  try {
    const path = (name: string) => join(directory, name);
    writeRandom(path('content'), mib);
    const all = Object.entries(await waysIn(directory));
    const ways = all.filter(([name], i) => i === 0 || new RegExp(values.only).test(name));
    const times = new Map(ways.map(([name]): [string, Times] => [name, { seal: [], open: [] }]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, way] of ways) {
        times.get(name)?.seal.push(await timeOf(() => way.seal(path('content'), path('sealed'))));
        times.get(name)?.open.push(await timeOf(() => way.open(path('sealed'), path('opened'))));
        requireSame(path('content'), path('opened'));
        for (const made of ['sealed', 'opened']) rmSync(path(made));
      }
      if (!values.json) process.stderr.write(`round ${round + 1} of ${values.rounds}\n`);
    }
    const result = { mib, ...Object.fromEntries(times) };
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(times, mib));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function waysIn(directory: string): Promise<Record<string, Way>> {
  const keys = localFileKeys({ bench: generateKey() });
  const ours = (threads: number, durable = false): Way => ({
    seal: async (source, target) => void (await sealFile(source, target, { key: 'bench', keys }, { threads, durable })),
    open: async (source, target) => void (await openFile(source, target, { keys }, { threads, durable })),
  });
  const identity = join(directory, 'identity');
  run('age-keygen', ['-o', identity]);
  const recipient = run('age-keygen', ['-y', identity]).trim();
  const [key, iv] = [randomBytes(32).toString('hex'), randomBytes(16).toString('hex')];
  const ctr = (source: string, target: string) =>
    void run('openssl', ['enc', '-aes-256-ctr', '-K', key, '-iv', iv, '-in', source, '-out', target]);
  const hmac = (file: string) =>
    run('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key}`, file])
      .split(' ')
      .at(-1);
  let tag: string | undefined;
  const npmAge = await ageEncryption(identity, recipient);
  return {
    'bare node:crypto chunk loop': bareLoop(),
    'sealFile, 1 thread': ours(1),
    'sealFile, 1 thread, synced': ours(1, true),
    'sealFile, 2 threads': ours(2),
    age: {
      seal: (source, target) => void run('age', ['-r', recipient, '-o', target, source]),
      open: (source, target) => void run('age', ['-d', '-i', identity, '-o', target, source]),
    },
    ...(npmAge && { 'age-encryption (npm)': npmAge }),
    'openssl aes-256-ctr, no tag': { seal: ctr, open: ctr },
    'openssl aes-256-ctr + HMAC': {
      seal(source, target) {
        ctr(source, target);
        tag = hmac(target);
      },
      open(source, target) {
        if (hmac(source) !== tag) throw new Error('openssl: the file was changed');
        ctr(source, target);
      },
    },
    'copy (read and write)': { seal: copy, open: copy },
    'cp (copyFile)': {
      seal: (source, target) => copyFileSync(source, target, fs.COPYFILE_EXCL),
      open: (source, target) => copyFileSync(source, target, fs.COPYFILE_EXCL),
    },
  };
}

/** What files cost in node:crypto at the least: no container, no commitment, no check of the order or the end. */
function bareLoop(): Way {
  const key = createSecretKey(randomBytes(32));
  const nonce = Buffer.alloc(12);
  const sealed = Buffer.alloc(RANGE_CHUNKS * SEALED_CHUNK);
  const opened = Buffer.alloc(RANGE_CHUNKS * CHUNK);
  return {
    seal(source, target) {
      let index = 0;
      inPieces(source, target, RANGE_CHUNKS * CHUNK, (piece) => {
        let offset = 0;
        for (let at = 0; at < piece.length; at += CHUNK) {
          nonce.writeUInt32BE(index++, 8);
          const cipher = createCipheriv('aes-256-gcm', key, nonce);
          offset += cipher.update(piece.subarray(at, at + CHUNK)).copy(sealed, offset);
          cipher.final();
          offset += cipher.getAuthTag().copy(sealed, offset);
        }
        return sealed.subarray(0, offset);
      });
    },
    open(source, target) {
      let index = 0;
      inPieces(source, target, RANGE_CHUNKS * SEALED_CHUNK, (piece) => {
        let offset = 0;
        for (let at = 0; at < piece.length; at += SEALED_CHUNK) {
          const chunk = piece.subarray(at, at + SEALED_CHUNK);
          nonce.writeUInt32BE(index++, 8);
          const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
          decipher.setAuthTag(chunk.subarray(-16));
          offset += decipher.update(chunk.subarray(0, -16)).copy(opened, offset);
          decipher.final();
        }
        return opened.subarray(0, offset);
      });
    },
  };
}

function copy(source: string, target: string): void {
  inPieces(source, target, 2 ** 20, (piece) => piece);
}

function inPieces(source: string, target: string, pieceBytes: number, work: (piece: Buffer) => Buffer): void {
  const [from, to] = [openSync(source, 'r'), openSync(target, 'w')];
  const buffer = Buffer.alloc(pieceBytes);
  for (let length = readSync(from, buffer); length > 0; length = readSync(from, buffer)) {
    writeSync(to, work(buffer.subarray(0, length)));
  }
  closeSync(from);
  closeSync(to);
}

function writeRandom(path: string, mib: number): void {
  const file = openSync(path, 'w');
  for (let i = 0; i < mib; i++) writeSync(file, randomBytes(2 ** 20));
  closeSync(file);
}

function requireSame(a: string, b: string): void {
  if (spawnSync('cmp', ['-s', a, b]).status !== 0) throw new Error('a file was not opened as it was sealed');
}

function run(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`, { cause: error });
  return stdout;
}

async function timeOf(work: () => Promise<void> | void): Promise<Time> {
  const [startedAt, cpuBefore] = [performance.now(), cpuSeconds()];
  await work();
  return { elapsed: (performance.now() - startedAt) / 1000, cpu: cpuSeconds() - cpuBefore };
}

// utime, stime, cutime and cstime of proc_pid_stat(5), in ticks of 10 ms; they follow the name, which may hold blanks.
function cpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

function table(times: ReadonlyMap<string, Times>, mib: number): string {
  const [bare] = times.values();
  const line = (...cells: string[]) => `${cells.map((cell, i) => (i ? cell.padStart(8) : cell.padEnd(30))).join('')}\n`;
  const cells = (of: Time[], base: Time[] = []) =>
    (['elapsed', 'cpu'] as const).flatMap((what) => {
      const [rate, baseRate] = [of, base].map((each) => mib / median(each.map((time) => time[what])));
      return [rate!.toFixed(0), (rate! / baseRate!).toFixed(2)];
    });
  const rows = [...times].map(([name, { seal, open }]) =>
    line(name, ...cells(seal, bare?.seal), ...cells(open, bare?.open)),
  );
  const head = line('medians', ...['seal/s', 'ratio', '/CPU s', 'ratio'], ...['open/s', 'ratio', '/CPU s', 'ratio']);
  return `\nMiB\n${head}${rows.join('')}`;
}
