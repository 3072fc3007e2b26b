import { rm, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { FilesError, inspectFile, type TargetOptions, type WorkOptions } from '@bulwark/files';
import { systemReason } from '@bulwark/private-files';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { exists } from '../../exists.ts';
import type { Outcome } from '../../exit-codes.ts';
import { beginFileRun, type DoneFile } from './file-run.ts';
import { type Direction, SUFFIX, targetsOf } from './file-targets.ts';
import { type FileTree, type FoundFile, findFiles } from './file-tree.ts';
import { sealedFilesOf } from './sealed-files.ts';

/** Options of work that makes a file of each file. */
export interface ProcessOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly resume?: boolean;
  readonly removeSource?: boolean;
  readonly threads?: number;
}

/** Seals or opens one file into another. */
export type ProcessFile = (source: string, target: string, how: WorkOptions & TargetOptions) => Promise<DoneFile>;

/** A file and what gives its target. */
interface Job extends FoundFile {
  readonly target: () => Promise<string>;
}

/** Seals or opens files and all that is below directories, keeping the tree. */
export async function processFiles(
  direction: Direction,
  paths: readonly string[],
  options: ProcessOptions,
  context: Context,
  processFile: ProcessFile,
): Promise<Outcome> {
  const trees: [string, FileTree][] = [];
  for (const path of paths) {
    const tree = await findFiles(path);
    trees.push([path, direction === 'encrypt' ? await unsealedFilesOf(tree) : sealedFilesOf(path, tree)]);
  }
  const total = trees.reduce((sum, [, { files, passedOver }]) => sum + files.length + passedOver.length, 0);
  const run = beginFileRun(direction === 'encrypt' ? 'Encrypted' : 'Decrypted', total, context);

  for (const [path, tree] of trees) {
    for (const { path, reason } of tree.passedOver) run.passOver(path, reason);
    if (direction === 'decrypt' && tree.files.length === 0) continue; // so that no empty target is made
    const rootName = basename(resolve(path));
    const targetOf = await targetsOf(tree, direction, options.output, { isOnly: paths.length === 1, rootName });
    for (const file of tree.files) {
      await run.onFile(file.path, async (onProgress) => {
        const how = { ...workOptions(options), signal: run.signal, onProgress };
        return processJob({ ...file, target: () => targetOf(file) }, options, how, processFile);
      });
    }
  }
  return run.finish();
}

/** Options of the work itself. */
export function workOptions({ force, resume, threads }: ProcessOptions): WorkOptions & TargetOptions {
  return {
    replace: force ?? false,
    resume: resume ?? false,
    ...(threads !== undefined && { threads }),
  };
}

async function processJob(
  job: Job,
  { force = false, removeSource = false }: ProcessOptions,
  how: WorkOptions & TargetOptions,
  processFile: ProcessFile,
): Promise<DoneFile> {
  const { path } = job;
  const target = await job.target();
  if (await isSameFile(path, target)) throw new CliError('usage', `${target} is the file itself`);
  // Known before the work, and not only after it.
  if (!force && (await exists(target))) {
    throw new FilesError('ERR_TARGET_EXISTS', `${target} is there already; --force replaces it`);
  }
  const done = await processFile(path, target, how);
  if (removeSource) {
    await rm(path).catch((cause: unknown) => {
      throw new CliError('failed', `${target} is done, but the source ${systemReason(cause)}`, { cause });
    });
  }
  return { ...done, target };
}

/** Of a tree, what was named itself and what is not sealed already. */
async function unsealedFilesOf(tree: FileTree): Promise<FileTree> {
  const files: FoundFile[] = [];
  for (const file of tree.files) {
    if (file.isNamed || !file.name.endsWith(SUFFIX) || !(await isSealed(file.path))) files.push(file);
  }
  return { ...tree, files };
}

function isSealed(path: string): Promise<boolean> {
  return inspectFile(path).then(
    () => true,
    () => false,
  );
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([path, other].map((each) => stat(each).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
