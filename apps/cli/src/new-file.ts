import { randomUUID } from 'node:crypto';
import { lstat, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemReason } from '@bulwark/private-files';
import { CliError } from './errors.ts';

/** A file to be, of mode 0600. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
}

/** Writes a file of mode 0600; one that is there is left as it is. @throws CliError failed */
export async function writeNewFile(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600, flush: true });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError('failed', `${path} is there already`, { cause });
    }
    await rm(path, { force: true }).catch(() => {}); // a part of it
    throw cannotBeUsed(path, cause);
  }
}

/** As `writeNewFile`, all of the files or none of them. @throws CliError failed */
export async function writeNewFiles(files: readonly NewFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const { path, content } of files) {
      await writeNewFile(path, content);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) await rm(path, { force: true });
    throw error;
  }
}

/**
 * Writes files of mode 0600 in the place of those that are there. All of them are whole and on the disk before the first
 * of them takes its name, in the order given; so what is to stay until all others are in place comes last.
 *
 * @throws CliError failed
 */
export async function replaceFiles(files: readonly NewFile[]): Promise<void> {
  const staged = files.map(({ path, content }) => ({
    path,
    content,
    temporary: join(dirname(path), `.bulwark-${randomUUID()}.tmp`),
  }));
  try {
    for (const { path, content, temporary } of staged) {
      // Found out now, since then it is not too late.
      const place = await lstat(path).catch(() => undefined);
      if (place?.isDirectory()) throw new CliError('failed', `${path} is a directory`);
      await writeFile(temporary, content, { flag: 'wx', mode: 0o600, flush: true }).catch(refuse(path));
    }
    for (const { path, temporary } of staged) await rename(temporary, path).catch(refuse(path));
    for (const directory of new Set(files.map(({ path }) => dirname(path)))) await syncDirectory(directory);
  } finally {
    for (const { temporary } of staged) await rm(temporary, { force: true }).catch(() => {});
  }
}

/** New names are durable only once their directory is. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  await using directory = await open(path, 'r');
  await directory.sync();
}

function refuse(path: string): (cause: unknown) => never {
  return (cause) => {
    throw cannotBeUsed(path, cause);
  };
}

function cannotBeUsed(path: string, cause: unknown): CliError {
  return new CliError('failed', `${path} ${systemReason(cause)}`, { cause });
}
