import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Import, parseImports } from './parse.ts';

/** A package or app of the monorepo, as its package.json declares it. */
export interface Package {
  name: string;
  /** Folder from the root, for example `packages/crypto`. */
  folder: string;
  kind: 'package' | 'app';
  /** Workspace packages and others alike; what a published copy would bring with it. */
  dependencies: ReadonlySet<string>;
  devDependencies: ReadonlySet<string>;
  /** Specifiers other packages may use: the name itself, or the name with a subpath. */
  entries: ReadonlySet<string>;
  /** File behind the `.` entry, from the root; undefined when nothing is exported. */
  index: string | undefined;
}

/** One source file with what it imports. Paths are from the root, with forward slashes. */
export interface SourceFile {
  path: string;
  text: string;
  imports: readonly Import[];
  /** The package that holds the file; undefined in tools, bench and testing. */
  owner: Package | undefined;
  isTest: boolean;
}

/** The whole tree, read once. */
export interface Workspace {
  packages: ReadonlyMap<string, Package>;
  files: ReadonlyMap<string, SourceFile>;
  /** devDependencies of the root: what tests, tools and builds may use everywhere. */
  rootDevDependencies: ReadonlySet<string>;
}

interface Manifest {
  name: string;
  exports?: Record<string, unknown>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const SOURCES = '{packages,apps,tools,bench,testing}/**/*.{ts,tsx,mts,mjs}';
const BUILT = new Set(['node_modules', 'dist']);

/** Reads every package.json and source file below `root`. */
export async function readWorkspace(root: string): Promise<Workspace> {
  const packages = new Map<string, Package>();
  for await (const file of glob('{packages,apps}/*/package.json', { cwd: root })) {
    const found = toPackage(path.posix.dirname(toPosix(file)), await readManifest(path.join(root, file)));
    packages.set(found.name, found);
  }

  const owners = [...packages.values()];
  const files = new Map<string, SourceFile>();
  for await (const name of glob(SOURCES, { cwd: root, exclude: (entry) => BUILT.has(path.basename(entry)) })) {
    const file = toPosix(name);
    const text = await readFile(path.join(root, name), 'utf8');
    files.set(file, {
      path: file,
      text,
      imports: parseImports(text),
      owner: owners.find(({ folder }) => file.startsWith(`${folder}/`)),
      // Examples are applications of their own: like tests they use what development has, and the public entries.
      isTest: /\.test\.tsx?$/.test(file) || /^(?:packages|apps)\/[^/]+\/(?:testing|examples)\//.test(file),
    });
  }

  const rootManifest = await readManifest(path.join(root, 'package.json'));
  return { packages, files, rootDevDependencies: new Set(Object.keys(rootManifest.devDependencies ?? {})) };
}

function toPackage(folder: string, manifest: Manifest): Package {
  const { name, exports = {} } = manifest;
  const index = exports['.'];
  return {
    name,
    folder,
    kind: folder.startsWith('apps/') ? 'app' : 'package',
    dependencies: new Set(
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }),
    ),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
    entries: new Set(Object.keys(exports).map((entry) => name + entry.slice(1))),
    index: typeof index === 'string' ? path.posix.join(folder, index) : undefined,
  };
}

async function readManifest(file: string): Promise<Manifest> {
  return JSON.parse(await readFile(file, 'utf8')) as Manifest;
}

function toPosix(file: string): string {
  return file.replaceAll(path.sep, '/');
}
