import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Problem } from './rules.ts';

// Absolute paths of the machine somebody worked on mean nothing in a clone, and tell what is nobody's business.
const MACHINE_PATH = /(?<![\w.~-])\/(?:work|farm)\/|\.\.\/shared\b/;
const NOT_OURS = new Set(['node_modules', 'dist', 'data', '.git', 'coverage', 'package-lock.json']);
const BINARY = /\.(?:png|jpe?g|gif|ico|webp|woff2?|pdf|gz|zst|db|bin)$/;

/** Lines in any text file below `root` that name a path of a developer's machine. */
export async function findMachinePaths(root: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  for await (const file of walk(root)) {
    const text = await readFile(file, 'utf8');
    if (!MACHINE_PATH.test(text)) continue;
    text.split('\n').forEach((line, index) => {
      if (!MACHINE_PATH.test(line)) return;
      problems.push({ file: `${path.relative(root, file)}:${index + 1}`, message: 'names a path of one machine' });
    });
  }
  return problems;
}

async function* walk(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (NOT_OURS.has(entry.name)) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else if (entry.isFile() && !BINARY.test(entry.name)) yield full;
  }
}
