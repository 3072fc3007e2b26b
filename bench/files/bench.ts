import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, constants as fs, openSync, readSync, rmSync, writeSync } from 'node:fs';
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
read 1 MiB, AES-256-GCM in chunks of 16 KiB, write, on one thread. Needs age and openssl, and takes
npm's age-encryption along after npm ci --prefix bench/peers; nobody syncs to the disk.

  --mib N      length of the file in MiB (default 256)
  --rounds N   rounds of each way (default 5)
  --dir DIR    where the files are (default: the system's temporary directory)
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

/** MiB/s of each round. */
interface Rates {
  seal: number[];
  open: number[];
}

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mib: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '5' },
      dir: { type: 'string', default: tmpdir() },
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
    const ways = await waysIn(directory);
    const rates = new Map(Object.keys(ways).map((name): [string, Rates] => [name, { seal: [], open: [] }]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, way] of Object.entries(ways)) {
        rates.get(name)?.seal.push(mib / (await seconds(() => way.seal(path('content'), path('sealed')))));
        rates.get(name)?.open.push(mib / (await seconds(() => way.open(path('sealed'), path('opened')))));
        requireSame(path('content'), path('opened'));
        for (const made of ['sealed', 'opened']) rmSync(path(made));
      }
      if (!values.json) process.stderr.write(`round ${round + 1} of ${values.rounds}\n`);
    }
    process.stdout.write(values.json ? `${JSON.stringify({ mib, ...Object.fromEntries(rates) })}\n` : table(rates));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function waysIn(directory: string): Promise<Record<string, Way>> {
  const keys = localFileKeys({ bench: generateKey() });
  const ours = (threads: number): Way => ({
    seal: async (source, target) =>
      void (await sealFile(source, target, { key: 'bench', keys }, { threads, durable: false })),
    open: async (source, target) => void (await openFile(source, target, { keys }, { threads, durable: false })),
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

async function seconds(work: () => Promise<void> | void): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function table(rates: ReadonlyMap<string, Rates>): string {
  const [bare] = rates.values();
  const line = (...cells: string[]) => `${cells.map((cell, i) => (i ? cell.padStart(9) : cell.padEnd(30))).join('')}\n`;
  const cells = (of: number[], base: number[] = []) => [median(of).toFixed(0), (median(of) / median(base)).toFixed(2)];
  const rows = [...rates].map(([name, { seal, open }]) =>
    line(name, ...cells(seal, bare?.seal), ...cells(open, bare?.open)),
  );
  return `\n${line('MiB/s, medians', 'seal', 'ratio', 'open', 'ratio')}${rows.join('')}`;
}
