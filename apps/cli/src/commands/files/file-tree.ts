import { lstat, opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemReason } from '@bulwark/private-files';

/** A file that was named, or found below a directory that was named. */
export interface FoundFile {
  readonly path: string;
  /** Below the directory that was named, or the file's own name. */
  readonly name: string;
  /** Whether it was named itself. */
  readonly isNamed: boolean;
}

/** What is below a path. */
export interface FileTree {
  readonly isDirectory: boolean;
  readonly files: readonly FoundFile[];
  /** Directories below, by their path from the one that was named, each after the one that it is in. */
  readonly directories: readonly string[];
  /** What is neither file nor directory, or cannot be read, and why. */
  readonly passedOver: readonly { readonly path: string; readonly reason: string }[];
}

// What a command of ours is writing, or was when it was killed.
const PART = /^\.bulwark-.*\.part$/;

/**
 * Finds the files below a path, all of them before anything is written. Symbolic links are followed where they were
 * named, and nowhere else: a tree is not to reach out of itself.
 */
export async function findFiles(path: string): Promise<FileTree> {
  const files: FoundFile[] = [];
  const directories: string[] = [];
  const passedOver: { path: string; reason: string }[] = [];

  async function walk(directory: string, name: string): Promise<void> {
    try {
      const entries = await Array.fromAsync(await opendir(directory));
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        await visit(join(directory, entry.name), join(name, entry.name));
      }
    } catch (error) {
      passedOver.push({ path: directory, reason: systemReason(error) });
    }
  }

  async function visit(path: string, name: string): Promise<void> {
    const stats = await lstat(path);
    if (stats.isDirectory()) {
      directories.push(name);
      await walk(path, name);
    } else if (stats.isFile()) {
      if (!PART.test(basename(path))) files.push({ path, name, isNamed: false });
    } else {
      passedOver.push({ path, reason: stats.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file' });
    }
  }

  let isDirectory = false;
  try {
    const stats = await stat(path);
    isDirectory = stats.isDirectory();
    if (isDirectory) await walk(path, '');
    else if (stats.isFile()) files.push({ path, name: basename(path), isNamed: true });
    else passedOver.push({ path, reason: 'is not a regular file; give it as standard input' });
  } catch (error) {
    passedOver.push({ path, reason: systemReason(error) });
  }
  return { isDirectory, files, directories, passedOver };
}
