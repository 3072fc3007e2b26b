import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKey } from '@bulwark/crypto';
import { type Keys, localRoot, openKeys } from '@bulwark/keyring';
import { createKeyringTables, sqlStore } from '@bulwark/keyring/sql';
import { Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { kyselyDialect } from '../../../../testing/kysely-dialect.ts';
import { bigint, boolean, email, json, number, text } from '../field.ts';
import { type Fields, openFields } from '../fields.ts';
import { plainText } from '../legacy.ts';
import { type EncryptedTable, encrypted } from '../table.ts';
import { createFieldTables, type FieldJobs, fieldJobs, type JobOptions } from './jobs.ts';
import type { AnyDatabase } from './sql-engine.ts';
import { type WatchedStates, watchFieldStates } from './watch-states.ts';

const QUICK = { settleMs: 5, load: 1, leaseMs: 1_000 };
const ROWS = 120;

interface Opened {
  readonly fields: Fields;
  readonly states: WatchedStates;
  readonly jobs: FieldJobs;
  readonly keys: Keys;
}

/** Ends a job in the middle, as a kill would. */
function interruptedAt(rows: number, options: JobOptions = {}) {
  const abort = new AbortController();
  return {
    ...QUICK,
    ...options,
    rowsPerSecond: 800,
    signal: abort.signal,
    onProgress: ({ job, done }: { job: string; done: number }) => {
      if (!job.startsWith('verify') && done >= rows) abort.abort();
    },
  };
}

forEachDatabase('jobs that are interrupted, mixed or misled', (openUrl, engine) => {
  let db: AnyDatabase;
  const root = localRoot(generateKey());
  const opened: { close(): unknown }[] = [];
  before(async () => {
    db = new Kysely({ dialect: kyselyDialect(await openUrl()) });
    await createKeyringTables(db);
    await createFieldTables(db);
  });
  after(async () => {
    for (const each of opened) await each.close();
    await db.destroy();
  });

  /** A process: with keys of its own in memory. */
  async function open(scope: string, ...tables: EncryptedTable[]): Promise<Opened> {
    const keys = openKeys({ store: sqlStore(db), roots: [root] });
    const states = await watchFieldStates(db, { keys, everyMs: 60_000 });
    opened.push(states, keys);
    const fields = openFields({ keys, tables, scope, states });
    await fields.ready();
    return { fields, states, jobs: fieldJobs(db, fields, states), keys };
  }
  const rowsOf = async (table: string) =>
    (await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(table)} ORDER BY id`.execute(db)).rows;
  const insert = (table: string, rows: readonly Record<string, unknown>[]) =>
    db.insertInto(table).values(rows).execute();
  const run = (statement: string) => sql.raw(statement).execute(db);

  describe('a migration that was left in the middle', () => {
    test('and taken back, begins anew: no value is left in clear', async () => {
      const table = encrypted('left_clear', { note: text({ legacy: [plainText()] }) });
      await run('CREATE TABLE left_clear (id integer PRIMARY KEY, note text)');
      await insert(
        'left_clear',
        Array.from({ length: ROWS }, (_, i) => ({ id: i, note: `note ${i}` })),
      );
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      await assert.rejects(jobs.backfill(table, interruptedAt(50)), { name: 'AbortError' });
      await jobs.rollback(table, QUICK);
      await jobs.backfill(table, { ...QUICK, to: 'encrypted-only' });
      assert.ok((await rowsOf('left_clear')).every(({ note }) => String(note).startsWith('bw1:')));
    });

    test('is no excuse for a check: what is still in clear is told of', async () => {
      const table = encrypted('still_clear', { note: text({ legacy: [plainText()] }) });
      await run('CREATE TABLE still_clear (id integer PRIMARY KEY, note text)');
      await insert('still_clear', [{ id: 1, note: 'note' }]);
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      await jobs.backfill(table, QUICK);
      await run(`UPDATE still_clear SET note = 'written late'`);
      await assert.rejects(jobs.backfill(table, { ...QUICK, to: 'encrypted-only' }), { code: 'ERR_VERIFY_FAILED' });
      assert.deepEqual((await jobs.verify(table)).problems, [{ id: { id: 1 }, field: 'note', code: 'ERR_NOT_SEALED' }]);
    });

    test('is not gone on with for other fields', async () => {
      const table = encrypted('other_fields', {
        email: text({ column: 'email_sealed', plainColumn: 'email' }),
        city: text({ column: 'city_sealed', plainColumn: 'city' }),
      });
      await run(
        'CREATE TABLE other_fields (id integer PRIMARY KEY, email text, city text, email_sealed text, city_sealed text)',
      );
      await insert(
        'other_fields',
        Array.from({ length: ROWS }, (_, i) => ({ id: i, email: `e${i}`, city: `c${i}` })),
      );
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      await jobs.backfill(table, { ...QUICK, to: 'encrypted-only' });
      await assert.rejects(jobs.rollback(table, { ...interruptedAt(50), fields: ['email'] }), { name: 'AbortError' });
      await jobs.rollback(table, QUICK);
      assert.deepEqual(
        (await rowsOf('other_fields')).map(({ email, city }) => [email, city]),
        Array.from({ length: ROWS }, (_, i) => [`e${i}`, `c${i}`]),
      );
    });

    test('of one tenant alone is refused, since a phase is of all', async () => {
      const table = encrypted(
        'one_tenant',
        { note: text({ column: 'note_sealed', plainColumn: 'note' }) },
        { scope: { column: 'tenant' } },
      );
      await run('CREATE TABLE one_tenant (id integer PRIMARY KEY, tenant text, note text, note_sealed text)');
      await insert('one_tenant', [
        { id: 1, tenant: 'acme', note: 'a' },
        { id: 2, tenant: 'globex', note: 'g' },
      ]);
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      const one = { ...QUICK, scope: 'acme' };
      await assert.rejects(jobs.backfill(table, { ...one, to: 'plain-dropped' }), { code: 'ERR_MIGRATION_STATE' });
      await assert.rejects(jobs.rollback(table, one), { code: 'ERR_MIGRATION_STATE' });
      assert.deepEqual(
        (await jobs.backfill(table, { ...one, dryRun: true })).map(({ changed }) => changed),
        [1],
      );
    });
  });

  describe('a rollback', () => {
    const table = encrypted('going_back', { note: text({ column: 'note_sealed', plainColumn: 'note' }) });
    before(() => run('CREATE TABLE going_back (id integer PRIMARY KEY, note text, note_sealed text)'));

    test('keeps what a process writes that has not heard of it', async () => {
      await insert('going_back', [
        { id: 1, note: 'first' },
        { id: 2, note: 'second' },
      ]);
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      await jobs.backfill(table, { ...QUICK, to: 'plain-dropped' });
      const follower = await open('acme', table);
      const app = follower.fields.table(table);
      let written: Promise<void> | undefined;
      const write = async (cipher: typeof app, note: string) => {
        const set = cipher.sealRow({ note }, { row: { id: 2 } });
        await db.updateTable('going_back').set(set).where('id', '=', 2).execute();
      };
      await jobs.rollback(table, {
        ...QUICK,
        settleMs: 150,
        onPhase: (_, phase) => {
          if (phase === 'encrypted-only') void follower.states.refresh();
          if (phase === 'backfilled') {
            written = (async () => {
              await write((await open('acme', table)).fields.table(table), 'by one that has heard of it');
              await write(app, 'changed');
            })();
          }
        },
      });
      await written;
      const [row] = (await rowsOf('going_back')).filter(({ id }) => id === 2);
      const fresh = (await open('acme', table)).fields.table(table);
      assert.equal(fresh.openRow(row!).note, 'changed');
    });

    test('does not give a sealed value up whose plain text is another one', async () => {
      const { jobs, fields, states } = await open('acme', table);
      await run('DELETE FROM going_back');
      const where = states.phase('going_back', 'note');
      if (where === 'plain') await jobs.backfill(table, { ...QUICK, to: 'encrypted-only' });
      const cipher = fields.table(table);
      await insert('going_back', [
        { id: 3, note: 'older', note_sealed: cipher.sealCell('note', 'newer', { row: { id: 3 } }) },
      ]);
      await assert.rejects(jobs.rollback(table, QUICK), { code: 'ERR_VERIFY_FAILED' });
      assert.ok((await rowsOf('going_back'))[0]!.note_sealed !== null);
    });
  });

  describe('values', () => {
    const plain = async (name: string, type: string, value: unknown, field: ReturnType<typeof text>) => {
      const table = encrypted(name, { v: field });
      await run(`CREATE TABLE ${name} (id integer PRIMARY KEY, v ${type}, v_sealed text)`);
      await insert(name, [{ id: 1, v: value }]);
      const { jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      return { table, jobs };
    };
    const beside = { column: 'v_sealed', plainColumn: 'v' };
    const lossy: [string, string, unknown, unknown][] = [
      ['wide_number', engine === 'postgres' ? 'numeric' : 'text', '12345678901234567.89', number(beside)],
      ['odd_boolean', 'text', 'yes', boolean(beside)],
      ['no_number', 'text', '', number(beside)],
      ['no_bigint', 'text', 'canary', bigint(beside)],
      ['no_json', 'text', 'canary', json(undefined, beside)],
    ];
    if (engine === 'postgres') {
      lossy.push(['an_object', 'jsonb', '{"a":1}', text(beside)]);
    }
    for (const [name, type, value, field] of lossy) {
      test(`that would not come back are not taken over, and not shown: ${name}`, async () => {
        const { table, jobs } = await plain(name, type, value, field as ReturnType<typeof text>);
        await assert.rejects(
          jobs.backfill(table, { ...QUICK, to: 'plain-dropped' }),
          (error: Error & { code?: string }) =>
            error.code === 'ERR_VERIFY_FAILED' &&
            /ERR_VALUE_TYPE/.test(error.message) &&
            !error.message.includes('canary'),
        );
        assert.notEqual((await rowsOf(name))[0]!.v, null);
      });
    }

    test('that a job does not change are not written back, whatever their type', async () => {
      const table = encrypted('untouched', { note: text(), meta: json(['*.number']) });
      const type = engine === 'postgres' ? 'jsonb' : 'text';
      await run(`CREATE TABLE untouched (id integer PRIMARY KEY, note text, meta ${type})`);
      const { fields, jobs, keys } = await open('acme', table);
      const cipher = fields.table(table);
      const metas = ['[]', '[1, 2]', '"text"', '{"n": 12345678901234567890}'];
      for (const [id, meta] of metas.entries()) {
        await insert('untouched', [{ ...cipher.sealRow({ id, note: 'n' }), meta: sql`${sql.lit(meta)}` }]);
      }
      await keys.rotate(fields.keyIds('acme').data);
      assert.equal((await jobs.reencrypt(table, QUICK)).changed, metas.length);
      const { rows } = await sql<{
        meta: string;
      }>`SELECT CAST(meta AS text) AS meta FROM untouched ORDER BY id`.execute(db);
      assert.deepEqual(
        rows.map(({ meta }) => meta),
        metas,
      );
    });
  });

  if (engine === 'postgres') {
    test('rows are found again by ids of any type, and none is passed over', async () => {
      const table = encrypted('fine_ids', { note: text({ bind: 'column' }) }, { id: ['at', 'part'], bind: 'column' });
      await run('CREATE TABLE fine_ids (at timestamptz, part numeric, note text, PRIMARY KEY (at, part))');
      const { fields, jobs, keys } = await open('acme', table);
      const cipher = fields.table(table);
      for (let i = 0; i < ROWS; i++) {
        const row = { at: `2026-11-22T01:02:03.123${String(i).padStart(3, '0')}Z`, part: '1.10' };
        await insert('fine_ids', [cipher.sealRow({ ...row, note: `n${i}` })]);
      }
      await keys.rotate(fields.keyIds('acme').data);
      const report = await jobs.reencrypt(table, QUICK);
      assert.deepEqual([report.done, report.changed], [ROWS, ROWS]);
      assert.equal((await jobs.verify(table)).counts.stale, 0);
    });

    test('a table in a schema, with names that want quotes, is planned and migrated', async () => {
      const table = encrypted(
        'order',
        { note: text({ search: 'unique', column: 'noteSealed', plainColumn: 'Note' }) },
        { table: 'shop.order' },
      );
      await run('CREATE SCHEMA shop');
      await run('CREATE TABLE shop."order" (id uuid PRIMARY KEY, "Note" text)');
      await run(`INSERT INTO shop."order" SELECT gen_random_uuid(), 'n' || i FROM generate_series(1, 120) i`);
      const { jobs } = await open('acme', table);
      for (const { missing } of await jobs.plan(table, { record: true }))
        for (const statement of missing) await run(statement);
      assert.deepEqual((await jobs.plan(table))[0]!.missing, []);
      await jobs.backfill(table, { ...QUICK, to: 'plain-dropped' });
      assert.equal((await jobs.verify(table)).counts.sealed, ROWS);
    });
  }

  describe('re-encryption', () => {
    test('that was interrupted begins anew for a key that has come since', async () => {
      const table = encrypted('two_keys', { note: text() });
      await run('CREATE TABLE two_keys (id integer PRIMARY KEY, note text)');
      const { fields, jobs, keys } = await open('acme', table);
      const cipher = fields.table(table);
      await insert(
        'two_keys',
        Array.from({ length: ROWS }, (_, id) => cipher.sealRow({ id, note: `n${id}` })),
      );
      await keys.rotate(fields.keyIds('acme').data);
      await assert.rejects(jobs.reencrypt(table, interruptedAt(50)), { name: 'AbortError' });
      await keys.rotate(fields.keyIds('acme').data);
      await jobs.reencrypt(table, QUICK);
      assert.equal((await jobs.verify(table)).counts.stale, 0);
    });

    test('of a key that hands out few uses at a time takes fewer rows at a time', async () => {
      const table = encrypted('few_uses', { a: text(), b: text() }, { scope: 'sparing' });
      await run('CREATE TABLE few_uses (id integer PRIMARY KEY, a text, b text)');
      const { fields, jobs, keys } = await open('acme', table);
      const id = fields.keyIds('sparing').data;
      await keys.create(id, { policy: { rotateAfterUses: 640 } });
      for (let i = 0; i < ROWS; i++) {
        await fields.ready('sparing');
        await insert('few_uses', [fields.table(table).sealRow({ id: i, a: 'a', b: 'b' })]);
      }
      await keys.rotate(id);
      assert.equal((await jobs.reencrypt(table, QUICK)).changed, ROWS);
    });

    test('gives what it seals the index that it lacks', async () => {
      const table = encrypted('unindexed', { note: text({ search: 'filter', legacy: [plainText()] }) });
      await run('CREATE TABLE unindexed (id integer PRIMARY KEY, note text, note_index text)');
      await insert('unindexed', [{ id: 1, note: 'clear' }]);
      const { fields, jobs } = await open('acme', table);
      await jobs.plan(table, { record: true });
      const cipher = fields.table(table);
      await insert('unindexed', [{ id: 2, note: cipher.sealCell('note', 'sealed', { row: { id: 2 } }) }]);
      await jobs.reencrypt(table, QUICK);
      const rows = await rowsOf('unindexed');
      for (const [at, value] of ['clear', 'sealed'].entries()) {
        assert.ok(cipher.search('note', value).alternatives[0]!.values.includes(rows[at]!.note_index), value);
      }
    });
  });

  describe('a rotation of index keys', () => {
    const table = encrypted('logins', { email: email({ search: 'unique' }) }, { scope: { column: 'tenant' } });
    before(() =>
      run(`CREATE TABLE logins (id integer PRIMARY KEY, tenant text, email text,
        email_index text UNIQUE, email_index_next text UNIQUE)`),
    );
    let job: Opened;
    let app: Opened;
    before(async () => {
      await sql`DELETE FROM bulwark_field_state`.execute(db);
      job = await open('acme', table);
      app = await open('acme', table);
      await app.fields.ready('globex');
      await job.fields.ready('globex');
      await insert(
        'logins',
        Array.from({ length: ROWS }, (_, id) =>
          app.fields.table(table).sealRow({ id, tenant: id % 2 ? 'acme' : 'globex', email: `u${id}@example.test` }),
        ),
      );
    });

    const find = async ({ fields }: Opened, tenant: string, address: string) => {
      const { alternatives } = fields.table(table).search('email', address, { scope: tenant });
      const query = db.selectFrom('logins').selectAll();
      return query
        .where((where) => where.or(alternatives.map(({ column, values }) => where(column, 'in', values))))
        .execute();
    };
    const change = async ({ fields }: Opened, id: number, address: string) => {
      const tenant = id % 2 ? 'acme' : 'globex';
      const set = fields.table(table).sealRow({ email: address }, { row: { id, tenant } });
      await db.updateTable('logins').set(set).where('id', '=', id).execute();
    };

    test('is followed by a process with keys of its own, also the first that is recorded', async () => {
      let isDone = false;
      const following = (async () => {
        for (let i = 0; !isDone; i++) {
          await app.states.refresh();
          const id = 2 * (i % (ROWS / 2)) + 1;
          assert.equal((await find(app, 'acme', `u${id}@example.test`)).length, 1, `u${id}`);
          await assert.rejects(
            insert('logins', [
              app.fields.table(table).sealRow({ id: 5000, tenant: 'acme', email: `u${id}@example.test` }),
            ]),
          );
          await sleep(1);
        }
      })();
      following.catch(() => {});
      const ofApp = () => app.fields.table(table).indexOf('email', 'x', { scope: 'acme' });
      let seen = 0;
      await job.jobs.rotateIndexes('acme', {
        ...QUICK,
        settleMs: 200,
        onProgress: ({ job: name }) => {
          if (!name.startsWith('fill-next-index')) return;
          seen += 1;
          assert.notEqual(ofApp().email_index_next, ofApp().email_index);
        },
      });
      assert.ok(seen > 0);
      isDone = true;
      await following;
    });

    test('leaves nothing of another tenant in the second columns', async () => {
      await job.jobs.rotateIndexes('acme', {
        ...QUICK,
        settleMs: 100,
        onProgress: ({ job: name, done }) => {
          // As another tenant writes meanwhile.
          if (name.startsWith('fill-next-index') && done === 0) void change(job, 2, 'u2@example.test');
        },
      });
      assert.deepEqual(
        (await rowsOf('logins')).filter((row) => row.email_index_next !== null),
        [],
      );
    });

    test('that was interrupted is not taken over by that of another tenant', async () => {
      await assert.rejects(job.jobs.rotateIndexes('acme', interruptedAt(20)), { name: 'AbortError' });
      await assert.rejects(job.jobs.rotateIndexes('globex', QUICK), { code: 'ERR_MIGRATION_STATE', message: /acme/ });
      await job.jobs.rotateIndexes('acme', QUICK);
      await job.jobs.rotateIndexes('globex', QUICK);
      assert.equal((await job.jobs.verify(table)).problemCount, 0);
    });

    test('that was killed waits for all processes when it goes on', async () => {
      const settleMs = 600;
      const abort = new AbortController();
      const killed = job.jobs.rotateIndexes('acme', { ...QUICK, settleMs, signal: abort.signal });
      while (job.states.isIndexRotating('logins', 'email') === false) await sleep(2);
      abort.abort();
      await assert.rejects(killed, { name: 'AbortError' });
      const began = Date.now();
      let filledAfter = 0;
      await job.jobs.rotateIndexes('acme', {
        ...QUICK,
        settleMs,
        onProgress: ({ job: name }) => {
          if (name.startsWith('fill-next-index') && filledAfter === 0) filledAfter = Date.now() - began;
        },
      });
      assert.ok(filledAfter > settleMs / 2, `after ${filledAfter} ms`);
    });

    test('that was killed while it cleared up goes on there, and makes no other version', async () => {
      const versions = async () => (await job.keys.describe(job.fields.keyIds('acme').index)).versions.length;
      const abort = new AbortController();
      let isCopied = false;
      await assert.rejects(
        job.jobs.rotateIndexes('acme', {
          ...QUICK,
          signal: abort.signal,
          onProgress: ({ job: name }) => {
            isCopied ||= name.startsWith('copy-index');
            if (isCopied && name.startsWith('clear-next-index')) abort.abort();
          },
        }),
        { name: 'AbortError' },
      );
      const before = await versions();
      await job.jobs.rotateIndexes('acme', QUICK);
      assert.equal(await versions(), before);
      assert.ok((await rowsOf('logins')).every((row) => row.email_index_next === null));
    });
  });

  describe('recorded states', () => {
    test('that somebody has put back, or taken away, are noticed', async () => {
      const table = encrypted('put_back', { note: text({ legacy: [plainText()] }) });
      await run('CREATE TABLE put_back (id integer PRIMARY KEY, note text)');
      const { jobs, states } = await open('acme', table);
      await jobs.plan(table, { record: true });
      const old = (
        await sql<Record<string, unknown>>`SELECT * FROM bulwark_field_state WHERE table_name = 'put_back'`.execute(db)
      ).rows[0]!;
      await jobs.backfill(table, QUICK);
      const now = (
        await sql<Record<string, unknown>>`SELECT * FROM bulwark_field_state WHERE table_name = 'put_back'`.execute(db)
      ).rows[0]!;
      const put = (row: Record<string, unknown>) =>
        db.updateTable('bulwark_field_state').set(row).where('table_name', '=', 'put_back').execute();
      await put(old);
      await assert.rejects(states.refresh(), { code: 'ERR_MIGRATION_STATE' });
      await sql`DELETE FROM bulwark_field_state WHERE table_name = 'put_back'`.execute(db);
      await assert.rejects(states.refresh(), { code: 'ERR_MIGRATION_STATE' });
      assert.equal(states.phase('put_back', 'note'), 'backfilled');
      await insert('bulwark_field_state', [now]);
      await states.refresh();
    });
  });
});
