import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generateKey } from '@bulwark/crypto';
import { localRoot, openKeys } from '@bulwark/keyring';
import { createKeyringTables, sqlStore } from '@bulwark/keyring/sql';
import { Kysely, sql } from 'kysely';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { email, text } from '../src/field.ts';
import { openFields } from '../src/fields.ts';
import { createFieldTables, fieldJobs, watchFieldStates } from '../src/jobs/jobs.ts';
import type { AnyDatabase } from '../src/jobs/sql-engine.ts';
import { encrypted } from '../src/table.ts';

/** Members of two tenants. */
export const members = encrypted(
  'members',
  { email: email({ search: 'unique' }), note: text() },
  { scope: { column: 'tenant' } },
);

export const LEASE_MS = 1_000;
const TENANTS = ['acme', 'globex'] as const;
const JOB = fileURLToPath(new URL('reencrypt-job.ts', import.meta.url));
const BATCH = 1_000;
/** Parts of a batch in which others write. */
const WRITE_EVERY = 997;

/** What a run has shown. */
export interface ScenarioResult {
  readonly rows: number;
  readonly kills: number;
  readonly writes: number;
  /** Rows the job has walked over a second, while it ran, all its processes together. */
  readonly rowsPerSecond: number;
  readonly seconds: number;
  /** Most memory that the last process held, in MiB. */
  readonly peakMemory: number;
}

/**
 * Seals `rows` rows, rotates the keys, and re-encrypts them in a process that is killed `kills` times, while this one
 * changes, adds and deletes rows. Then every row is opened and compared: none lost, none wrong, none under an old key.
 */
export async function reencryptUnderFire(url: string, rows: number, kills: number): Promise<ScenarioResult> {
  const directory = await tempDir();
  const db: AnyDatabase = new Kysely({ dialect: kyselyDialect(url) });
  const secret = generateKey();
  const rootFile = path.join(directory.path, 'root');
  await writeFile(rootFile, secret, { mode: 0o600 });
  await createKeyringTables(db);
  await createFieldTables(db);
  await sql`CREATE TABLE members (
    id integer PRIMARY KEY, tenant varchar(20) NOT NULL, email text, email_index text UNIQUE, note text)`.execute(db);
  const keys = openKeys({ store: sqlStore(db), roots: [localRoot(secret)] });
  const states = await watchFieldStates(db, { keys });
  const fields = openFields({ keys, tables: [members], states });
  for (const tenant of TENANTS) await fields.ready(tenant);
  const cipher = fields.table(members);
  const member = (id: number, note = `note ${id}`) => ({
    id,
    tenant: TENANTS[id % 2]!,
    email: `member${id}@example.test`,
    note,
  });

  try {
    for (let from = 0; from < rows; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, rows - from) }, (_, i) => cipher.sealRow(member(from + i)));
      await db.insertInto('members').values(batch).execute();
    }
    for (const scope of TENANTS) await keys.rotate({ scope, name: 'fields' });

    // What the table must hold in the end, where it is not what it was made with.
    const changed = new Map<number, string | null>();
    let isDone = false;
    let writes = 0;
    const writer = (async () => {
      for (let i = 0; !isDone; i++) {
        const id = (i * WRITE_EVERY) % rows;
        const { tenant } = member(id);
        if (i % 10 === 9) {
          await db.deleteFrom('members').where('id', '=', id).execute();
          changed.set(id, null);
        } else if (i % 10 === 8) {
          await db
            .insertInto('members')
            .values(cipher.sealRow(member(rows + i)))
            .execute();
          changed.set(rows + i, `note ${rows + i}`);
        } else if (changed.get(id) !== null) {
          const set = cipher.sealRow({ note: `changed ${i}` }, { row: { id, tenant } });
          await db.updateTable('members').set(set).where('id', '=', id).execute();
          changed.set(id, `changed ${i}`);
        }
        writes += 1;
        await sleep(2);
      }
    })();
    // A failure of the writer is reported where it is awaited.
    writer.catch(() => {});

    const began = performance.now();
    let killed = 0;
    let jobSeconds = 0;
    let peakMemory = 0;
    for (;;) {
      const startedAt = performance.now();
      const killAt = killed < kills ? ((killed + Math.random()) * 0.9 * rows) / kills : Number.POSITIVE_INFINITY;
      const outcome = await runJobProcess(url, rootFile, killAt);
      jobSeconds += (performance.now() - startedAt) / 1000;
      peakMemory = outcome.peakMemory;
      if (outcome.isDone) break;
      killed += 1;
      await sleep(LEASE_MS);
    }
    isDone = true;
    await writer;
    const seconds = (performance.now() - began) / 1000;
    assert.equal(killed, kills, `the job was killed ${killed} times`);

    const report = await fieldJobs(db, fields, states).verify(members, { load: 1 });
    assert.equal(report.problemCount, 0, JSON.stringify(report.problems));
    assert.equal(report.counts.stale, 0, `${report.counts.stale} values are left under an old key`);
    let seen = 0;
    let last = -1;
    for (;;) {
      const found = await db
        .selectFrom('members')
        .selectAll()
        .where('id', '>', last)
        .orderBy('id')
        .limit(BATCH)
        .execute();
      for (const stored of found) {
        const row = cipher.openRow(stored);
        const id = Number(row.id);
        const note = changed.has(id) ? changed.get(id) : `note ${id}`;
        assert.deepEqual({ ...row, id }, member(id, note ?? 'deleted'));
      }
      seen += found.length;
      if (found.length < BATCH) break;
      last = Number(found.at(-1)!.id);
    }
    const deleted = [...changed].filter(([id, note]) => note === null && id < rows).length;
    const added = [...changed.keys()].filter((id) => id >= rows).length;
    assert.equal(seen, rows - deleted + added, 'rows were lost or came twice');
    return { rows, kills: killed, writes, rowsPerSecond: rows / jobSeconds, seconds, peakMemory };
  } finally {
    states.close();
    await keys.close();
    await db.destroy();
    await directory.remove();
  }
}

/** Lets the job work until it has done so many rows and is killed, or until it is done. */
async function runJobProcess(url: string, rootFile: string, killAt: number) {
  const child = spawn(process.execPath, [JOB, url, rootFile, String(killAt)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const isDone = killAt === Number.POSITIVE_INFINITY;
  assert.ok(isDone ? code === 0 : signal === 'SIGKILL', `the job ended with ${code ?? signal}: ${stderr}`);
  const peakMemory = isDone ? (JSON.parse(stdout) as { peakMemory: number }).peakMemory : 0;
  return { isDone, peakMemory };
}
