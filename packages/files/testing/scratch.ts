import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey, randomBytes } from '@bulwark/crypto';
import { tempDir } from '../../../testing/temp-dir.ts';
import { type FileKeys, localFileKeys, type SealFileOptions, sealFile } from '../src/index.ts';

/** A directory for the files of one test, and keys to seal them with. */
export interface Scratch extends AsyncDisposable {
  readonly keys: FileKeys;
  /** The key of `keys`, for another process of a test. */
  readonly keyHex: string;
  /** For the key named `files`. */
  readonly sealFor: { readonly key: string; readonly keys: FileKeys };
  path(name: string): string;
  write(name: string, content: Uint8Array | string): Promise<string>;
  read(name: string): Promise<Buffer>;
  /** Names of all files, hidden ones too. */
  list(): Promise<string[]>;
  /** Seals random bytes of a length. @returns What was sealed, and the sealed file's path and bytes. */
  sealed(length: number, options?: SealFileOptions): Promise<{ content: Buffer; path: string; bytes: Buffer }>;
}

/** An empty one; `await using` removes it. */
export async function scratch(): Promise<Scratch> {
  const directory = await tempDir();
  const path = (name: string) => join(directory.path, name);
  const key = generateKey();
  const keys = localFileKeys({ files: key });
  const sealFor = { key: 'files', keys };
  const write = async (name: string, content: Uint8Array | string) => {
    await writeFile(path(name), content);
    return path(name);
  };
  return {
    keys,
    keyHex: key.toString('hex'),
    sealFor,
    path,
    write,
    read: (name) => readFile(path(name)),
    list: async () => (await readdir(directory.path)).toSorted(),
    async sealed(length, options = {}) {
      const content = randomBytes(length);
      const source = await write('content', content);
      await sealFile(source, path('content.sealed'), sealFor, { durable: false, ...options });
      return { content, path: path('content.sealed'), bytes: await readFile(path('content.sealed')) };
    },
    [Symbol.asyncDispose]: () => directory.remove(),
  };
}
