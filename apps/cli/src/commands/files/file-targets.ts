import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemReason } from '@bulwark/private-files';
import { CliError } from '../../errors.ts';
import type { FileTree, FoundFile } from './file-tree.ts';

/** What sealed files are named: the name of the file, and this. */
export const SUFFIX = '.bwf';

/** Whether files are sealed or opened. */
export type Direction = 'encrypt' | 'decrypt';

/**
 * Where the files of a tree go.
 *
 * @param tree Of one of the paths that were named.
 * @param output What `-o` says.
 * @param isOnly Whether this is the only path that was named; else `output` is a directory, and each has its place in it.
 * @param rootName Name of the path that the tree is of.
 * @returns What gives a file's target; it makes the directories that are needed.
 * @throws CliError
 */
export async function targetsOf(
  tree: FileTree,
  direction: Direction,
  output: string | undefined,
  { isOnly, rootName }: { readonly isOnly: boolean; readonly rootName: string },
): Promise<(file: FoundFile) => Promise<string>> {
  const rename = direction === 'encrypt' ? sealedName : openedName;
  if (output === undefined) return async ({ path, name }) => join(dirname(path), rename(basename(name)));
  if (!tree.isDirectory) {
    const isFileName = isOnly && !(await isDirectory(output));
    return async ({ name }) => {
      if (isFileName) return output;
      await makeDirectory(output);
      return join(output, rename(name));
    };
  }
  const root = isOnly ? output : join(output, rootName);
  for (const directory of ['', ...tree.directories]) await makeDirectory(join(root, directory));
  return async ({ name }) => join(root, dirname(name), rename(basename(name)));
}

/** @throws CliError usage where the name does not say what the file was called */
function openedName(name: string): string {
  if (name.endsWith(SUFFIX) && name.length > SUFFIX.length) return name.slice(0, -SUFFIX.length);
  throw new CliError('usage', `${name} does not end in ${SUFFIX}; say where to: -o FILE`);
}

function sealedName(name: string): string {
  return name + SUFFIX;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new CliError('failed', `${path} ${systemReason(cause)}`, { cause });
  });
}
