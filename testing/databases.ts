import path from 'node:path';
import { after, describe } from 'node:test';
import { type Postgres, startPostgres } from './postgres.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

export type Engine = 'sqlite' | 'postgres';

/**
 * Declares the same suite once per database engine.
 *
 * `openUrl` gives the address of a new empty database at each call: a file path for SQLite, a `postgres://` URL for
 * PostgreSQL. Both are gone after the suite.
 */
export function forEachDatabase(name: string, suite: (openUrl: () => Promise<string>, engine: Engine) => void): void {
  describe(`${name} on sqlite`, () => {
    const dirs: TempDir[] = [];
    suite(async () => {
      const dir = await tempDir();
      dirs.push(dir);
      return path.join(dir.path, 'test.db');
    }, 'sqlite');
    // Declared last, so that it runs after the suite's own hooks have closed the database.
    after(() => Promise.all(dirs.map((dir) => dir.remove())));
  });

  describe(`${name} on postgres`, () => {
    let server: Promise<Postgres> | undefined;
    suite(async () => {
      server ??= startPostgres();
      return (await server).url();
    }, 'postgres');
    after(async () => (await server)?.stop());
  });
}
