import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

// A peer with a package.json of its own (bench/peers); these are the parts of its types that are used here.
interface Age {
  Encrypter: new () => {
    addRecipient(recipient: string): void;
    encrypt(file: ReadableStream): Promise<ReadableStream>;
  };
  Decrypter: new () => { addIdentity(identity: string): void; decrypt(file: ReadableStream): Promise<ReadableStream> };
}

/** npm's age-encryption, or undefined where the peers are not installed: npm ci --prefix bench/peers. */
export async function ageEncryption(identityFile: string, recipient: string) {
  const module = new URL('../peers/node_modules/age-encryption/dist/index.js', import.meta.url);
  const age = (await import(module.href).catch(() => undefined)) as Age | undefined;
  if (age === undefined) return undefined;
  const identity = /^AGE-SECRET-KEY-\S+/m.exec(await readFile(identityFile, 'utf8'))?.[0] ?? '';

  const through = async (source: string, target: string, work: (file: ReadableStream) => Promise<ReadableStream>) => {
    const read = createReadStream(source, { highWaterMark: 1024 * 1024 });
    const written = await work(Readable.toWeb(read) as ReadableStream);
    await pipeline(Readable.fromWeb(written), createWriteStream(target));
  };
  return {
    seal(source: string, target: string) {
      const encrypter = new age.Encrypter();
      encrypter.addRecipient(recipient);
      return through(source, target, (file) => encrypter.encrypt(file));
    },
    open(source: string, target: string) {
      const decrypter = new age.Decrypter();
      decrypter.addIdentity(identity);
      return through(source, target, (file) => decrypter.decrypt(file));
    },
  };
}
