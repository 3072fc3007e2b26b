import path from 'node:path';
import { withoutCommentLines } from './parse.ts';
import type { Package, SourceFile, Workspace } from './workspace.ts';

/** Something the tree must not contain, and where it is: a file from the root, with a line when there is one. */
export interface Problem {
  file: string;
  message: string;
}

// Folders beside packages and apps. They may look into any package, since nothing that ships depends on them.
const WORKSHOP = /^(?:tools|bench|testing)\//;
// tsc, vite and node:test resolve these as they stand; every other relative import names a .ts or .tsx file.
const ASSET = /\.(?:css|svg|json|mjs|woff2)(?:\?\w+)?$/;
const READS_ENVIRONMENT = /\bprocess\s*\??\.\s*(?:env|argv)\b|\b(?:env|argv)\b[^;]*\bfrom\s+['"](?:node:)?process['"]/;
const MAY_READ_ENVIRONMENT = /(?:^|\/)main\.ts$|\/bin\/|\.config\.ts$/;

/** Package arrows: each one is in the table and declared, in package.json and in the source alike. */
export function checkArrows(workspace: Workspace, arrows: Readonly<Record<string, readonly string[]>>): Problem[] {
  const problems: Problem[] = [];
  for (const found of workspace.packages.values()) {
    const file = `${found.folder}/package.json`;
    if (!(found.name in arrows)) problems.push({ file, message: `${found.name} is not in the table of arrows` });
    for (const target of [...found.dependencies, ...found.devDependencies]) {
      if (workspace.packages.has(target) || target.startsWith('@bulwark/')) {
        problems.push(...refuseArrow(file, found, target, arrows));
      }
    }
  }

  for (const file of workspace.files.values()) {
    const { owner } = file;
    if (owner === undefined) continue;
    for (const { specifier, line } of file.imports) {
      const target = packageName(specifier);
      if (target === undefined) continue;
      const at = `${file.path}:${line}`;
      if (target.startsWith('@bulwark/') && target !== owner.name) {
        problems.push(...refuseArrow(at, owner, target, arrows));
      }
      if (!isDeclared(workspace, file, owner, target)) {
        problems.push({ file: at, message: `${target} is not among the dependencies of ${owner.name}` });
      }
    }
  }
  return problems;
}

/** How files name each other: `.ts` written out, through public entries, never through the package's own index. */
export function checkSpecifiers(workspace: Workspace): Problem[] {
  const problems: Problem[] = [];
  for (const file of workspace.files.values()) {
    for (const { specifier, line } of file.imports) {
      const message = specifier.startsWith('.')
        ? refuseRelative(file, specifier)
        : refuseEntry(workspace, file, specifier);
      if (message !== undefined) problems.push({ file: `${file.path}:${line}`, message });
    }
  }
  return problems;
}

/** Environment and arguments are read at the edge and passed in, so that every setting is declared once. */
export function checkEnvironment(workspace: Workspace): Problem[] {
  const problems: Problem[] = [];
  for (const file of workspace.files.values()) {
    if (file.isTest || WORKSHOP.test(file.path) || MAY_READ_ENVIRONMENT.test(file.path)) continue;
    const lines = withoutCommentLines(file.text).split('\n');
    lines.forEach((line, index) => {
      if (READS_ENVIRONMENT.test(line)) {
        problems.push({ file: `${file.path}:${index + 1}`, message: 'process.env and argv are read in main.ts only' });
      }
    });
  }
  return problems;
}

function refuseArrow(
  file: string,
  from: Package,
  target: string,
  arrows: Readonly<Record<string, readonly string[]>>,
): Problem[] {
  if (reach(from.name, arrows).has(target)) return [];
  return [{ file, message: `${from.name} may not depend on ${target}` }];
}

function reach(from: string, arrows: Readonly<Record<string, readonly string[]>>): Set<string> {
  const reached = new Set(arrows[from]);
  for (const target of reached) for (const below of arrows[target] ?? []) reached.add(below); // a Set visits what is added
  return reached;
}

function isDeclared(workspace: Workspace, file: SourceFile, owner: Package, target: string): boolean {
  if (target === owner.name || owner.dependencies.has(target)) return true;
  // Outside src/ and bin/ are build files such as vite.config.ts, which never run in production.
  const ships = !file.isTest && /^(?:src|bin)\//.test(path.posix.relative(owner.folder, file.path));
  return !ships && (owner.devDependencies.has(target) || workspace.rootDevDependencies.has(target));
}

function refuseRelative(file: SourceFile, specifier: string): string | undefined {
  if (!/\.tsx?$/.test(specifier) && !ASSET.test(specifier)) return `${specifier} lacks its .ts extension`;
  const { owner } = file;
  if (owner === undefined) return undefined;
  const target = path.posix.join(path.posix.dirname(file.path), specifier);
  if (!target.startsWith(`${owner.folder}/`)) {
    if (target.startsWith('testing/')) return file.isTest ? undefined : 'only tests import from testing/';
    return `${specifier} leaves ${owner.folder}; import the package by its name`;
  }
  return target === owner.index && !file.isTest ? 'a package does not import its own index' : undefined;
}

function refuseEntry(workspace: Workspace, file: SourceFile, specifier: string): string | undefined {
  const name = packageName(specifier);
  const target = name === undefined ? undefined : workspace.packages.get(name);
  if (target === undefined) return undefined;
  if (target === file.owner && !file.isTest) return 'a package does not import its own index';
  return target.entries.has(specifier) ? undefined : `${specifier} is not an entry that ${target.name} exports`;
}

/** `@scope/name/sub` → `@scope/name`; undefined for Node's own modules, relative paths and virtual modules. */
function packageName(specifier: string): string | undefined {
  if (/^(?:\.|node:|virtual:|\/)/.test(specifier)) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
