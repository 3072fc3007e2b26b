import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { generateKey, sealFernet } from '@bulwark/crypto';
import { type Keys, localRoot, openKeys } from '@bulwark/keyring';
import { createKeyringTables, sqlStore } from '@bulwark/keyring/sql';
import { Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { kyselyDialect } from '../../../../testing/kysely-dialect.ts';
import { email, json, name, number, text } from '../field.ts';
import { type Fields, openFields } from '../fields.ts';
import { bcryptHash, fernet, plainText } from '../legacy.ts';
import { type EncryptedTable, encrypted } from '../table.ts';
import type { TableCipher } from '../table-cipher.ts';
import { createFieldTables, type FieldJobs, fieldJobs, type JobProgress } from './jobs.ts';
import type { AnyDatabase } from './sql-engine.ts';
import { type WatchedStates, watchFieldStates } from './watch-states.ts';

const QUICK = { settleMs: 5, load: 1, leaseMs: 1_000 };
const hash = `$2b$12$${'a'.repeat(53)}`;

/** What one process of an application has open, and a job's. */
interface Opened {
  readonly fields: Fields;
  readonly states: WatchedStates;
  readonly jobs: FieldJobs;
}

forEachDatabase('field jobs', (openUrl) => {
  let db: AnyDatabase;
  let keys: Keys;
  const root = localRoot(generateKey());
  const watched: { close(): unknown }[] = [];
  before(async () => {
    db = new Kysely({ dialect: kyselyDialect(await openUrl()) });
    await createKeyringTables(db);
    await createFieldTables(db);
    keys = openKeys({ store: sqlStore(db), roots: [root] });
  });
  after(async () => {
    for (const each of watched) await each.close();
    await keys.close();
    await db.destroy();
  });

  const open = (...tables: EncryptedTable[]) => openWith(keys, tables);
  async function openWith(own: Keys, tables: readonly EncryptedTable[]): Promise<Opened> {
    const states = await watchFieldStates(db, { keys: own, everyMs: 60_000 });
    watched.push(states);
    const fields = openFields({ keys: own, tables, scope: 'acme', states });
    await fields.ready();
    return { fields, states, jobs: fieldJobs(db, fields, states) };
  }
  const rowsOf = async (table: string) =>
    (await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(table)} ORDER BY id`.execute(db)).rows;
  async function insert(table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
    for (let from = 0; from < rows.length; from += 500) {
      await db
        .insertInto(table)
        .values(rows.slice(from, from + 500))
        .execute();
    }
  }
  const openAll = async (cipher: TableCipher, table: string) => (await rowsOf(table)).map((row) => cipher.openRow(row));

  describe('a migration from plain columns', () => {
    const people = encrypted('people', {
      email: email({ search: 'unique', column: 'email_sealed', plainColumn: 'email' }),
      salary: number({ column: 'salary_sealed', plainColumn: 'salary' }),
    });
    const PEOPLE = 250;
    const plainRows = () =>
      Array.from({ length: PEOPLE }, (_, i) => ({
        id: i + 1,
        email: i % 50 === 7 ? null : `Person${i}@example.test`,
        salary: i % 2 ? i * 1.5 : null,
      }));
    before(async () => {
      await sql`CREATE TABLE people (id integer PRIMARY KEY, email text, salary double precision)`.execute(db);
      await insert('people', plainRows());
    });

    test('begins with what is missing, and with a phase on record', async () => {
      const { jobs, fields } = await open(people);
      const cipher = fields.table(people);
      assert.throws(() => cipher.sealRow({ id: 1, email: 'x' }), { code: 'ERR_MIGRATION_STATE' });
      const [first] = await jobs.plan(people);
      assert.equal(first?.phase, null);
      assert.match(first?.missing.join(' ') ?? '', /ADD COLUMN "email_sealed" text; .*CREATE UNIQUE INDEX/);
      for (const plan of await jobs.plan(people, { record: true })) {
        assert.equal(plan.phase, 'plain');
        for (const statement of plan.missing) await sql.raw(statement).execute(db);
      }
      const [again] = await jobs.plan(people);
      assert.deepEqual(again?.missing, []);
      assert.deepEqual([again?.rows, again?.plain, again?.next], [PEOPLE, PEOPLE - 5, 'backfill']);
    });

    test('says in a dry run what it would do, and does nothing', async () => {
      const { jobs } = await open(people);
      const [report] = await jobs.backfill(people, { ...QUICK, dryRun: true });
      assert.deepEqual([report?.done, report?.changed, report?.isDryRun], [PEOPLE, PEOPLE, true]);
      assert.ok((await rowsOf('people')).every((row) => row.email_sealed === null));
    });

    test('seals each row while another process writes, and shows progress', async () => {
      const { jobs } = await open(people);
      const progress: JobProgress[] = [];
      await jobs.backfill(people, { ...QUICK, onProgress: (one) => progress.push(one) });
      assert.equal(progress.at(-1)?.done, PEOPLE);
      assert.ok(progress.at(-1)?.isFinished);
      const { fields } = await open(people);
      const cipher = fields.table(people);
      for (const row of await rowsOf('people')) {
        const plain = plainRows()[Number(row.id) - 1]!;
        assert.equal(row.email, plain.email, 'the plain column is still there');
        assert.equal(cipher.openRow(row).email, plain.email);
        assert.equal(cipher.openRow(row).salary, plain.salary);
      }
      const { alternatives } = cipher.search('email', 'PERSON3@example.test');
      const found = (await rowsOf('people')).filter((row) => alternatives[0]!.values.includes(row.email_sealed_index));
      assert.deepEqual(
        found.map(({ id }) => id),
        [4],
      );
    });

    test('finds what a process has written that did not know of the migration', async () => {
      const { jobs } = await open(people);
      await sql`UPDATE people SET email = 'drifted@example.test' WHERE id = 2`.execute(db);
      const report = await jobs.verify(people);
      assert.deepEqual(report.problems, [{ id: { id: 2 }, field: 'email', code: 'ERR_DRIFT' }]);
      await assert.rejects(jobs.backfill(people, { ...QUICK, to: 'encrypted-only' }), { code: 'ERR_VERIFY_FAILED' });
      await sql`UPDATE people SET email = 'Person1@example.test' WHERE id = 2`.execute(db);
      assert.equal((await jobs.verify(people)).problemCount, 0);
    });

    test('goes back to plain text from the middle, and forward again', async () => {
      const { jobs, fields } = await open(people);
      await jobs.rollback(people, QUICK);
      assert.ok((await rowsOf('people')).every((row) => row.email_sealed === null && row.email_sealed_index === null));
      assert.equal(fields.states.phase('people', 'email'), 'plain');
      await jobs.backfill(people, QUICK);
      assert.equal(fields.states.phase('people', 'email'), 'backfilled');
    });

    test('empties the plain columns at last, and can still go back', async () => {
      const { jobs, fields } = await open(people);
      await jobs.backfill(people, { ...QUICK, to: 'plain-dropped' });
      assert.ok((await rowsOf('people')).every((row) => row.email === null && row.salary === null));
      const emails = async () => (await openAll(fields.table(people), 'people')).map((row) => row.email);
      const wanted = plainRows().map((row) => row.email);
      assert.deepEqual(await emails(), wanted);
      await jobs.rollback(people, QUICK);
      assert.deepEqual(
        (await rowsOf('people')).map((row) => row.email),
        wanted,
      );
      await jobs.backfill(people, { ...QUICK, to: 'plain-dropped' });
      assert.deepEqual(await emails(), wanted);
    });

    test('cannot be forged: a state that was altered in the database stops everybody', async () => {
      await sql`UPDATE bulwark_field_state SET phase = 'plain' WHERE table_name = 'people' AND field = 'email'`.execute(
        db,
      );
      await assert.rejects(open(people), { code: 'ERR_MIGRATION_STATE' });
      await sql`UPDATE bulwark_field_state SET phase = 'plain-dropped' WHERE table_name = 'people' AND field = 'email'`.execute(
        db,
      );
      await open(people);
    });
  });

  describe('encryption in place', () => {
    const fernetKey = generateKey();
    const table = encrypted(
      'notes',
      {
        note: text({ search: 'filter', legacy: [fernet([fernetKey]), bcryptHash(), plainText()] }),
        meta: json(['a']),
      },
      { id: ['tenant', 'no'] },
    );
    before(async () => {
      await sql`CREATE TABLE notes (tenant text, no integer, note text, note_index text, meta text, PRIMARY KEY (tenant, no))`.execute(
        db,
      );
      await insert('notes', [
        { tenant: 'a', no: 1, note: 'clear', note_index: null, meta: null },
        { tenant: 'a', no: 2, note: sealFernet(fernetKey, Buffer.from('token'), 1), note_index: null, meta: null },
        { tenant: 'b', no: 1, note: hash, note_index: null, meta: null },
        { tenant: 'b', no: 2, note: null, note_index: null, meta: null },
      ]);
    });
    const stored = async () =>
      (await sql<Record<string, unknown>>`SELECT * FROM notes ORDER BY tenant, no`.execute(db)).rows;

    test('takes clear text and Fernet tokens over, leaves hashes alone, and is strict afterwards', async () => {
      const { jobs, fields } = await open(table);
      await jobs.plan(table, { record: true });
      await jobs.backfill(table, { ...QUICK, to: 'encrypted-only' });
      const cipher = fields.table(table);
      const rows = await stored();
      assert.deepEqual(
        rows.map((row) => cipher.openRow(row).note),
        ['clear', 'token', hash, null],
      );
      assert.deepEqual(
        rows.map(({ note }) => String(note).slice(0, 4)),
        ['bw1:', 'bw1:', '$2b$', 'null'],
      );
      assert.equal(rows[0]?.note_index, cipher.search('note', 'clear').alternatives[0]?.values[0]);
      assert.throws(() => cipher.openRow({ ...rows[0], note: 'put there' }), { code: 'ERR_NOT_SEALED' });
      const { counts, problemCount } = await jobs.verify(table);
      assert.deepEqual([counts, problemCount], [{ sealed: 2, stale: 0, legacy: 1, empty: 5 }, 0]);
    });

    test('can be undone', async () => {
      const { jobs } = await open(table);
      await jobs.rollback(table, QUICK);
      assert.deepEqual(
        (await stored()).map(({ note, note_index }) => [note, note_index]),
        [
          ['clear', null],
          ['token', null],
          [hash, null],
          [null, null],
        ],
      );
    });
  });

  describe('re-encryption', () => {
    const table = encrypted(
      'orders',
      { note: text(), who: name(), total: number(), meta: json(['card.number']) },
      { scope: { column: 'tenant' }, record: { column: 'sealed', fields: ['who', 'total'] } },
    );
    before(async () => {
      await sql`CREATE TABLE orders (id varchar(40) PRIMARY KEY, tenant text, note text, meta text, sealed text)`.execute(
        db,
      );
    });
    const order = (i: number) => ({
      id: `order ${String(i).padStart(4, '0')}`,
      tenant: i % 3 ? 'acme' : 'globex',
      note: `note ${i}`,
      who: `Name ${i}`,
      total: i,
      meta: { card: { number: String(i) }, brand: 'visa' },
    });

    test('moves everything to the newest key, of each tenant, and nothing twice', async () => {
      const { jobs, fields } = await open(table);
      await fields.ready('globex');
      const cipher = fields.table(table);
      await insert(
        'orders',
        Array.from({ length: 120 }, (_, i) => cipher.sealRow(order(i))),
      );
      assert.equal((await jobs.reencrypt(table, QUICK)).changed, 0);
      await keys.rotate({ scope: 'acme', name: 'fields' });
      assert.deepEqual((await jobs.verify(table)).counts, { sealed: 120, stale: 240, legacy: 0, empty: 0 });
      assert.equal((await jobs.reencrypt(table, { ...QUICK, dryRun: true })).changed, 80);
      assert.equal((await jobs.reencrypt(table, QUICK)).changed, 80);
      assert.equal((await jobs.reencrypt(table, QUICK)).changed, 0);
      assert.deepEqual(
        await openAll(cipher, 'orders'),
        Array.from({ length: 120 }, (_, i) => order(i)),
      );
      assert.deepEqual((await jobs.verify(table)).counts, { sealed: 360, stale: 0, legacy: 0, empty: 0 });
    });

    test('leaves a cell alone that does not open, tells of it and does the others', async () => {
      const { jobs } = await open(table);
      const before = await rowsOf('orders');
      await db.updateTable('orders').set({ note: before[1]!.note }).where('id', '=', before[0]!.id).execute();
      await keys.rotate({ scope: 'globex', name: 'fields' });
      const report = await jobs.reencrypt(table, QUICK);
      assert.deepEqual([report.changed, report.problemCount], [40, 1]);
      assert.deepEqual(report.problems, [{ id: { id: before[0]!.id }, field: 'note', code: 'ERR_OPEN_FAILED' }]);
      assert.equal((await rowsOf('orders'))[0]!.note, before[1]!.note);
      await db.deleteFrom('orders').where('id', '=', before[0]!.id).execute();
      assert.equal((await jobs.verify(table)).problemCount, 0);
    });

    test('rescues what a compromised key has sealed, where it may', async () => {
      const { jobs, fields } = await open(table);
      const id = { scope: 'acme', name: 'fields' };
      const { versions } = await keys.describe(id);
      await keys.compromise(id, versions.at(-1)!.version); // and rotates
      const refused = await jobs.reencrypt(table, QUICK);
      assert.deepEqual(new Set(refused.problems.map(({ code }) => code)), new Set(['ERR_KEY_COMPROMISED']));
      const rescued = await jobs.reencrypt(table, { ...QUICK, allowCompromised: true });
      assert.deepEqual([rescued.changed, rescued.problemCount], [80, 0]);
      assert.deepEqual((await jobs.verify(table)).counts.stale, 0);
      assert.ok((await openAll(fields.table(table), 'orders')).length > 100);
    });

    test('is done by one process at a time', async () => {
      const [one, two] = [await open(table), await open(table)];
      await keys.rotate({ scope: 'acme', name: 'fields' });
      const results = await Promise.allSettled([
        one.jobs.reencrypt(table, { ...QUICK, rowsPerSecond: 400 }),
        two.jobs.reencrypt(table, { ...QUICK, rowsPerSecond: 400 }),
      ]);
      const codes = results.flatMap((result) =>
        result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
      );
      assert.deepEqual(codes, ['ERR_JOB_RUNNING']);
      assert.deepEqual((await one.jobs.verify(table)).counts.stale, 0);
    });

    test('does not overwrite what others change meanwhile', async () => {
      const { jobs, fields } = await open(table);
      const cipher = fields.table(table);
      await keys.rotate({ scope: 'acme', name: 'fields' });
      const changed = new Map<string, string>();
      let isDone = false;
      const writer = (async () => {
        for (let i = 0; !isDone; i = (i + 7) % 119) {
          const { id, tenant } = order(i + 1);
          const note = `changed ${changed.size}`;
          const set = cipher.sealRow({ note }, { row: { id, tenant } });
          const { numUpdatedRows } = await db.updateTable('orders').set(set).where('id', '=', id).executeTakeFirst();
          if (numUpdatedRows === 1n) changed.set(id, note);
          await turn(); // node:sqlite is synchronous: nobody else would get a turn
        }
      })();
      const report = await jobs.reencrypt(table, { ...QUICK, chunkMs: 5, rowsPerSecond: 200 });
      isDone = true;
      await writer;
      assert.equal(report.problemCount, 0);
      assert.ok(changed.size > 5, `${changed.size} were changed`);
      for (const row of await openAll(cipher, 'orders')) {
        const wanted = changed.get(String(row.id)) ?? `note ${Number(String(row.id).slice(6))}`;
        assert.equal(row.note, wanted);
      }
      assert.equal((await jobs.verify(table)).counts.stale, 0);
    });

    test('stops while the keys are away, and goes on from there', async () => {
      const { jobs } = await open(table);
      await keys.rotate({ scope: 'acme', name: 'fields' });
      const abort = new AbortController();
      const stopped = jobs.reencrypt(table, {
        ...QUICK,
        rowsPerSecond: 100,
        signal: abort.signal,
        onProgress: ({ done }) => done > 10 && abort.abort(),
      });
      await assert.rejects(stopped, { name: 'AbortError' });
      const progress: JobProgress[] = [];
      await jobs.reencrypt(table, { ...QUICK, onProgress: (one) => progress.push(one) });
      assert.ok(progress[0]!.done > 10, 'it began again');
      assert.equal(progress.at(-1)?.done, 119);
      assert.equal((await jobs.verify(table)).counts.stale, 0);
    });
  });

  describe('a new key for blind indexes', () => {
    const table = encrypted('accounts', { email: email({ search: 'unique' }), city: text({ search: 'filter' }) });
    let running: Opened;
    before(async () => {
      await sql`CREATE TABLE accounts (id integer PRIMARY KEY, email text, email_index text UNIQUE, city text, city_index text)`.execute(
        db,
      );
      running = await open(table);
      const cipher = running.fields.table(table);
      await insert(
        'accounts',
        Array.from({ length: 60 }, (_, i) => cipher.sealRow({ id: i, email: `u${i}@example.test`, city: `c${i % 5}` })),
      );
    });

    test('wants its columns first', async () => {
      await assert.rejects(running.jobs.rotateIndexes('acme', QUICK), { code: 'ERR_MIGRATION_STATE' });
      await sql`ALTER TABLE accounts ADD COLUMN email_index_next text`.execute(db);
      await sql`ALTER TABLE accounts ADD COLUMN city_index_next text`.execute(db);
      await assert.rejects(running.jobs.rotateIndexes('acme', QUICK), /unique index on email_index_next/);
      await sql`CREATE UNIQUE INDEX accounts_next ON accounts (email_index_next)`.execute(db);
    });

    test('is given while processes search, insert and keep equal values apart at every moment', async () => {
      // Another process, which follows what is recorded, with keys of its own.
      const own = openKeys({ store: sqlStore(db), roots: [root] });
      watched.push(own);
      const app = await openWith(own, [table]);
      const cipher = app.fields.table(table);
      const find = async (address: string) => {
        const { alternatives } = cipher.search('email', address);
        let query = db.selectFrom('accounts').selectAll();
        query = query.where((where) => where.or(alternatives.map(({ column, values }) => where(column, 'in', values))));
        return query.execute();
      };
      let isDone = false;
      let searches = 0;
      const app1 = (async () => {
        for (let i = 0; !isDone; i++) {
          await app.states.refresh();
          const address = `u${i % 60}@example.test`;
          const rows = await find(address);
          assert.equal(rows.length, 1, `${address} was found ${rows.length} times`);
          searches += 1;
          await assert.rejects(
            db
              .insertInto('accounts')
              .values(cipher.sealRow({ id: 1000 + i, email: address }))
              .execute(),
          );
          await db
            .insertInto('accounts')
            .values(cipher.sealRow({ id: 100_000 + i, email: `new${i}@example.test` }))
            .execute();
          assert.equal((await find(`new${i}@example.test`)).length, 1);
          await turn();
        }
      })();
      const before = (await rowsOf('accounts'))[0]!.email_index;
      await running.jobs.rotateIndexes('acme', { ...QUICK, settleMs: 150 });
      isDone = true;
      await app1;
      assert.ok(searches > 3);
      const rows = await rowsOf('accounts');
      assert.notEqual(rows[0]!.email_index, before);
      assert.ok(rows.every((row) => row.email_index_next === null && row.city_index_next === null));
      assert.equal((await running.jobs.verify(table)).problemCount, 0);
      const versions = (await keys.describe({ scope: 'acme', name: 'index' })).versions.length;
      assert.equal(cipher.search('email', 'x').alternatives[0]!.values.length, 1, `of ${versions} versions`);
    });
  });

  test('a job of a table that is not there says so', async () => {
    const table = encrypted('nowhere', { note: text() });
    const { jobs } = await open(table);
    await assert.rejects(jobs.reencrypt(table), { code: 'ERR_MIGRATION_STATE', message: /no table nowhere/ });
    const [plan] = await jobs.plan(table);
    assert.match(plan!.missing[0]!, /no table nowhere/);
  });
});
