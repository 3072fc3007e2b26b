import { glob } from 'node:fs/promises';
import path from 'node:path';

/** A test file by its suffix: `.browser.test.ts` drives Chromium, `.slow.test.ts` takes minutes. */
export type TestKind = 'unit' | 'browser' | 'slow';

/** All test files below `root`, sorted, as paths from it. */
export async function findTestFiles(root: string): Promise<string[]> {
  const exclude = (entry: string) => ['node_modules', 'dist'].includes(path.basename(entry));
  const files = await Array.fromAsync(glob('{packages,apps,tools,testing,bench}/**/*.test.ts', { cwd: root, exclude }));
  return files.sort();
}

/** The kind that the name of a test file states. */
export function kindOf(file: string): TestKind {
  if (file.endsWith('.browser.test.ts')) return 'browser';
  return file.endsWith('.slow.test.ts') ? 'slow' : 'unit';
}
