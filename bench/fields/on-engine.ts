import path from 'node:path';
import { startPostgres } from '../../testing/postgres.ts';
import { tempDir } from '../../testing/temp-dir.ts';

export const ENGINES = ['postgres', 'sqlite'];

/** Gives `work` the addresses of new databases, as many as it asks for, on disk and durable; they are gone afterwards. */
export async function onEngine<R>(engine: string, work: (openUrl: () => Promise<string>) => Promise<R>): Promise<R> {
  if (!ENGINES.includes(engine)) throw new Error(`--engine is one of ${ENGINES.join(', ')}`);
  if (engine === 'postgres') {
    const server = await startPostgres({ fsync: true });
    try {
      return await work(() => server.url());
    } finally {
      await server.stop();
    }
  }
  await using directory = await tempDir();
  let opened = 0;
  return await work(async () => path.join(directory.path, `${opened++}.db`));
}
