import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { findPostgresBin } from './find-binaries.ts';
import { startPostgres } from './postgres.ts';
import { waitFor } from './wait-for.ts';

const psql = path.join(findPostgresBin() ?? '', 'psql');

/** The one value that `sql` yields. */
async function query(url: string, sql: string): Promise<string> {
  const { stdout } = await promisify(execFile)(psql, ['-X', '-A', '-t', '-c', sql, url]);
  return stdout.trim();
}

describe('startPostgres', async () => {
  const postgres = await startPostgres();
  after(() => postgres.stop());

  test('gives an empty database at each call', async () => {
    const [first, second] = await Promise.all([postgres.url(), postgres.url()]);
    await query(first, 'create table here (id int)');
    assert.equal(await query(first, "select count(*) from pg_tables where schemaname = 'public'"), '1');
    assert.equal(await query(second, "select count(*) from pg_tables where schemaname = 'public'"), '0');
  });

  test('sorts text by bytes, as SQLite does', async () => {
    const sorted = await query(
      await postgres.url(),
      "select string_agg(x, '' order by x) from unnest(array['b','A','a','B']) x",
    );
    assert.equal(sorted, 'ABab');
  });

  test('reaches the disk at each commit when a durability test asks for it', async () => {
    const durable = await startPostgres({ fsync: true });
    try {
      assert.equal(await query(durable.adminUrl, 'show fsync'), 'on');
    } finally {
      await durable.stop();
    }
    await assert.rejects(query(durable.adminUrl, 'select 1'));
  });

  test('ends with the process that started it, even after kill -9', async () => {
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)};
      const { adminUrl } = await startPostgres({ fsync: true });
      console.log(adminUrl);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [url] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    const dataDirectory = await query(url, 'show data_directory');
    starter.kill('SIGKILL');
    await waitFor('the server and its files to go', () => !existsSync(dataDirectory));
    await assert.rejects(query(url, 'select 1'));
  });
});
