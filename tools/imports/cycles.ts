import path from 'node:path';
import type { Problem } from './rules.ts';
import type { Workspace } from './workspace.ts';

/**
 * Import cycles between files, each reported once. Type imports count: two files that need each other's types cannot
 * be read apart either, and the type they share wants a file of its own.
 */
export function findCycles({ files }: Workspace): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();

  function visit(file: string, trail: readonly string[]): void {
    const start = trail.indexOf(file);
    if (start !== -1) {
      const cycle = [...trail.slice(start), file];
      problems.push({ file, message: `import cycle ${cycle.join(' → ')}` });
      return;
    }
    if (done.has(file)) return;
    for (const { specifier } of files.get(file)?.imports ?? []) {
      if (!specifier.startsWith('.')) continue;
      visit(path.posix.join(path.posix.dirname(file), specifier), [...trail, file]);
    }
    done.add(file);
  }

  for (const file of files.keys()) visit(file, []);
  return problems;
}
