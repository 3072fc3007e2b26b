import { after } from 'node:test';
import type { Kysely } from 'kysely';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { openKeyDatabase } from '../../testing/open-database.ts';
import { testStore } from '../../testing/store-suite.ts';
import { type KeyringTables, sqlStore } from './sql.ts';

forEachDatabase('a store in SQL', (openUrl, engine) => {
  const opened: Kysely<KeyringTables>[] = [];
  async function open(url: string) {
    const db = await openKeyDatabase(url);
    opened.push(db);
    return sqlStore(db);
  }

  testStore(async () => {
    const url = await openUrl();
    const store = await open(url);
    // A second SQLite connection would wait for the first while it keeps the thread from going on. That other processes
    // have connections of their own is tested with other processes.
    return { store, again: async () => (engine === 'sqlite' ? store : open(url)) };
  });

  after(() => Promise.all(opened.map((db) => db.destroy())));
});
