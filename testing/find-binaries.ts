import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import path from 'node:path';

/** The first of `names` that is an executable file on PATH, as an absolute path. */
export function findOnPath(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute);
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
}

/** The folder that holds PostgreSQL's server binaries; Debian keeps them off PATH, one folder per major version. */
export function findPostgresBin(): string | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => majorOf(b) - majorOf(a));
  const folders = [path.dirname(findOnPath('postgres') ?? '/nonexistent/postgres'), ...versions];
  return folders.find((folder) =>
    ['postgres', 'initdb', 'createdb'].every((name) => isExecutable(path.join(folder, name))),
  );
}

/** The system's Chromium or Chrome. */
export function findChromium(): string | undefined {
  return findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/** SoftHSM's PKCS#11 library, where the utility that makes its tokens is there too. */
export function findSoftHsm(): string | undefined {
  if (findOnPath('softhsm2-util') === undefined) return undefined;
  return globSync('/usr/lib/{,*/}softhsm/libsofthsm2.so')[0];
}

/** A Python that has the `cryptography` package: another implementation to compare ours with. */
export function findPythonWithCryptography(): string | undefined {
  // Debian's first: its packages are not seen by a Python that was installed beside it.
  const candidates = ['/usr/bin/python3', findOnPath('python3')].filter((python) => python !== undefined);
  return candidates.find((python) => spawnSync(python, ['-c', 'import cryptography']).status === 0);
}

function majorOf(folder: string): number {
  return Number(folder.split('/').at(-2));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
