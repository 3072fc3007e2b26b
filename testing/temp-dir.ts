import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new empty directory. `await using` removes it at the end of the block; hooks call `remove`. */
export interface TempDir extends AsyncDisposable {
  /** Absolute; mode 0700. */
  readonly path: string;
  remove(): Promise<void>;
}

/** Creates a directory for one test below the system's temporary directory. */
export async function tempDir(): Promise<TempDir> {
  const created = await mkdtemp(path.join(tmpdir(), 'bulwark-test-'));
  // Retries: a server that is just stopping may write once more between the listing and the removal.
  const remove = () => rm(created, { recursive: true, force: true, maxRetries: 3 });
  return { path: created, remove, [Symbol.asyncDispose]: remove };
}
