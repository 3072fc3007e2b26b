import { hash, randomFillSync } from 'node:crypto';
import { open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pae } from '@bulwark/crypto';
import { ensureDataDirectory, readPrivateFile, UnsafeFileError, writePrivateFile } from '@bulwark/private-files';
import { KeyringError } from '../errors.ts';
import type { KeyDocument, KeyId, KeyUses } from '../key-document.ts';
import type { StoredKey, VersionedKeyStore, WrappedKey } from '../versioned-store.ts';
import { fileLock } from './file-lock.ts';
import { compareIds, destroyedVersions, isSameUses } from './store-rules.ts';

type UsesByVersion = Record<number, KeyUses>;

/**
 * Keeps keys in a directory of its own, for any number of processes of one machine.
 *
 * `metadata/` has a file for each key, `uses/` its counters, `material/` a file for each version: what is known of keys
 * can be copied or read without what opens data. Directories have mode 0700, files 0600, and a wider one is refused.
 * Every file is replaced in one step; a change counts from the moment its metadata is in place, and a process that dies
 * before leaves at most files that the next change overwrites, or that the next process to open the store erases.
 *
 * @throws UnsafeFileError when the directory is not private or cannot be used
 */
export async function fileStore(directory: string): Promise<VersionedKeyStore> {
  const folder = (name: string) => join(directory, name);
  for (const path of [directory, folder('metadata'), folder('uses'), folder('material')]) {
    await ensureDataDirectory(path);
  }
  const lock = fileLock(join(directory, 'lock'));
  await lock(() => Promise.all(['metadata', 'uses', 'material'].map((name) => eraseLeftovers(folder(name)))));

  const metadataFile = (id: KeyId) => join(folder('metadata'), `${stem(id)}.json`);
  const usesFile = (id: KeyId) => join(folder('uses'), `${stem(id)}.json`);
  const materialFile = (id: KeyId, version: number) => join(folder('material'), `${stem(id)}.${version}.json`);

  async function readKey(id: KeyId): Promise<StoredKey | undefined> {
    const document = await readJson<KeyDocument>(metadataFile(id));
    if (document === undefined) return undefined;
    const uses = (await readJson<UsesByVersion>(usesFile(id))) ?? {};
    const material = new Map<number, readonly WrappedKey[]>();
    const usesByVersion = new Map<number, KeyUses>();
    for (const { version, state } of document.versions) {
      const wrapped = state === 'destroyed' ? undefined : await readJson<WrappedKey[]>(materialFile(id, version));
      if (wrapped) material.set(version, wrapped);
      if (uses[version]) usesByVersion.set(version, uses[version]);
    }
    return { document, material, uses: usesByVersion };
  }

  return {
    list: (scope) =>
      lock(async () => {
        const ids: KeyId[] = [];
        for (const file of await readdir(folder('metadata'))) {
          if (file.startsWith('.')) continue; // left behind by a process that died while writing
          const document = await readJson<KeyDocument>(join(folder('metadata'), file));
          if (document && (scope === undefined || document.scope === scope)) {
            ids.push({ scope: document.scope, name: document.name });
          }
        }
        return ids.sort(compareIds);
      }),
    read: (id) => lock(() => readKey(id)),
    commit: ({ document, material, uses }) =>
      lock(async () => {
        const before = await readJson<KeyDocument>(metadataFile(document));
        if ((before?.revision ?? 0) !== document.revision - 1) return false;
        for (const [version, wrapped] of material) await writeJson(materialFile(document, version), wrapped);
        if (uses.size > 0) {
          const known = (await readJson<UsesByVersion>(usesFile(document))) ?? {};
          await writeJson(usesFile(document), { ...known, ...Object.fromEntries(uses) });
        }
        await writeJson(metadataFile(document), document);
        // From all destroyed versions, so that what a process left that died right here goes as well.
        for (const version of destroyedVersions(document)) await eraseFile(materialFile(document, version));
        return true;
      }),
    readUses: (id, version) => lock(async () => (await readJson<UsesByVersion>(usesFile(id)))?.[version]),
    swapUses: (id, version, before, after) =>
      lock(async () => {
        const uses = await readJson<UsesByVersion>(usesFile(id));
        if (!isSameUses(uses?.[version], before)) return false;
        await writeJson(usesFile(id), { ...uses, [version]: after });
        return true;
      }),
  };
}

// Names may be longer than file names, or differ in case only, which some file systems do not tell apart.
function stem({ scope, name }: KeyId): string {
  return hash('sha256', pae(scope, name), 'hex').slice(0, 32);
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readPrivateFile(path).catch((error: unknown) => {
    if (error instanceof UnsafeFileError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.toString()) as T;
  } catch {
    throw new KeyringError('ERR_KEY_ALTERED', `${path} is not what was written there`);
  }
}

async function writeJson(path: string, content: object): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(content)}\n`);
}

/** Erases what processes left that died while they wrote. Under the lock, since then nobody is writing. */
async function eraseLeftovers(folder: string): Promise<void> {
  for (const file of await readdir(folder)) if (file.startsWith('.')) await eraseFile(join(folder, file));
}

/**
 * Overwrites a file, then removes it. That reaches the blocks of the file on file systems that write in place, and
 * nothing else: not copies, snapshots, or what an SSD keeps aside. What protects them is that they are wrapped.
 */
async function eraseFile(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    const { size } = await file.stat();
    await file.write(randomFillSync(Buffer.alloc(size)), 0, size, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await unlink(path);
}
