import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eq, not, relations, sql } from 'drizzle-orm';
import { drizzle as libsql } from 'drizzle-orm/libsql';
import { getTableConfig as pgConfig, date as pgDate, pgTable, text as pgText } from 'drizzle-orm/pg-core';
import { drizzle as sqlJs } from 'drizzle-orm/sql-js';
import {
  type SQLiteTable,
  getTableConfig as sqliteConfig,
  sqliteTable,
  text as sqliteText,
} from 'drizzle-orm/sqlite-core';
// @ts-expect-error: it has no types of its own
import initSqlJs from 'sql.js';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { drizzleOnPostgres } from '../../../testing/drizzle-postgres.ts';
import { type FieldsFixture, fieldsFixture } from '../../../testing/fields-fixture.ts';
import { day, email, json, text } from '../../field.ts';
import type { FieldStates, Phase } from '../../states.ts';
import { type EncryptedTable, encrypted } from '../../table.ts';
import { encryptedDb, pgColumns, sqliteColumns } from './drizzle.ts';

const members = encrypted('members', {
  email: email({ search: 'unique', column: 'email_sealed', plainColumn: 'email' }),
  born: day({ column: 'born_sealed', plainColumn: 'born' }),
});
const letters = encrypted('letters', { body: text(), meta: json(['to']) }, { store: 'bytes' });

const sqlite = {
  members: sqliteTable('members', {
    id: sqliteText().primaryKey(),
    ...sqliteColumns(members, { hasNextIndexes: true }),
  }),
  letters: sqliteTable('letters', { id: sqliteText().primaryKey(), member: sqliteText(), ...sqliteColumns(letters) }),
};
const pg = {
  members: pgTable('members', {
    id: pgText().primaryKey(),
    ...pgColumns(members, { plain: { born: pgDate('born') }, hasNextIndexes: true }),
  }),
  letters: pgTable('letters', {
    id: pgText().primaryKey(),
    member: pgText(),
    ...pgColumns(letters, { types: { meta: 'jsonb' } }),
  }),
};
const withRelations = <T extends typeof sqlite>(tables: T) => ({
  ...tables,
  ofMembers: relations(tables.members, ({ many }) => ({ letters: many(tables.letters) })),
  ofLetters: relations(tables.letters, ({ one }) => ({
    member: one(tables.members, { fields: [tables.letters.member], references: [tables.members.id] }),
  })),
});

forEachDatabase('drizzle', (openUrl, engine) => {
  let fixture: FieldsFixture;
  let phase: Phase;
  let isRotating = false;
  let schema: ReturnType<typeof withRelations<typeof sqlite>>;
  let db: ReturnType<typeof libsql<typeof schema>>;
  let run: (text: string) => Promise<Record<string, unknown>[]>;
  let close: () => unknown;

  before(async () => {
    const states: FieldStates = {
      phase: (table) => (table === 'members' ? phase : undefined),
      isIndexRotating: () => isRotating,
    };
    fixture = fieldsFixture({ tables: [members, letters], scope: 'acme', states });
    await fixture.fields.ready();
    const url = await openUrl();
    if (engine === 'sqlite') {
      schema = withRelations(sqlite);
      db = encryptedDb(libsql({ connection: { url: `file:${url}` }, schema }), fixture.fields);
      run = (text) => db.all(text);
      close = () => db.$client.close();
    } else {
      schema = withRelations(pg as unknown as typeof sqlite);
      const postgres = encryptedDb(drizzleOnPostgres(url, schema), fixture.fields);
      run = async (text) => (await postgres.execute(text)).rows;
      close = () => postgres.$client.end();
      // Queries of both dialects are built alike, and so typed for one.
      db = postgres as unknown as typeof db;
    }
    const [bytes, object, day] = engine === 'sqlite' ? ['blob', 'text', 'text'] : ['bytea', 'jsonb', 'date'];
    await run(`CREATE TABLE members (id text PRIMARY KEY, email text, born ${day}, email_sealed text,
      email_sealed_index text UNIQUE, born_sealed text)`);
    await run(`CREATE TABLE letters (id text PRIMARY KEY, member text, body ${bytes}, meta ${object})`);
  });
  after(() => close());

  const find = async (id: string) => (await db.select().from(schema.members).where(eq(schema.members.id, id)))[0];

  test('goes through the phases of a migration, reading and searching all the way', async () => {
    const phases: Phase[] = ['plain', 'dual-writing', 'backfilled', 'encrypted-only', 'plain-dropped'];
    for (const now of phases) {
      phase = now;
      if (now === 'plain-dropped') {
        await run('ALTER TABLE members DROP COLUMN email');
        await run('ALTER TABLE members DROP COLUMN born');
      }
      const row = { id: now, email: `${now}@x.test`, born: '1815-12-10' };
      await db.insert(schema.members).values(row);
      assert.deepEqual(await find(now), row, now);
      const stored = (await run(`SELECT * FROM members WHERE id = '${now}'`))[0]!;
      assert.equal(stored.email ?? null, ['encrypted-only', 'plain-dropped'].includes(now) ? null : row.email, now);
      assert.equal(stored.email_sealed === null, now === 'plain', now);

      const { email } = schema.members;
      const found = await db
        .select({ email, born: schema.members.born })
        .from(schema.members)
        .where(eq(email, row.email));
      assert.deepEqual(found, [{ email: row.email, born: row.born }], now);
      const related = await db.query.members.findMany({ where: eq(email, row.email), columns: { born: true } });
      assert.deepEqual(related, [{ born: row.born }], now);

      await db.update(schema.members).set({ born: '1906-12-09' }).where(eq(schema.members.id, now));
      assert.equal((await find(now))!.born, '1906-12-09', now);
    }
  });

  test('gives no half-read value where a prepared query is older than the phase', async () => {
    phase = 'plain-dropped';
    await db.insert(schema.members).values({ id: 'prepared', email: 'prepared@x.test' });
    const { email, id } = schema.members;
    const query = db.select({ email }).from(schema.members).where(eq(id, 'prepared')).prepare();
    assert.deepEqual(await query.execute(), [{ email: 'prepared@x.test' }]);
    phase = 'dual-writing';
    await assert.rejects(async () => query.execute(), { code: 'ERR_MIGRATION_STATE' });
  });

  test('searches while the key of an index is rotated', async () => {
    phase = 'plain-dropped';
    await run('ALTER TABLE members ADD COLUMN email_sealed_index_next text');
    await db.insert(schema.members).values({ id: 'early', email: 'early@x.test' });
    const { index } = fixture.fields.keyIds('acme');
    const next = await fixture.keys.rotate(index, { activatesAt: Date.now() + 1e9 });
    isRotating = true;
    await db.insert(schema.members).values({ id: 'late', email: 'late@x.test' });
    await fixture.keys.activate(index, next);
    for (const id of ['early', 'late']) {
      const found = await db
        .select()
        .from(schema.members)
        .where(eq(schema.members.email, `${id}@x.test`));
      assert.deepEqual(
        found.map((row) => row.id),
        [id],
      );
    }
    await db.insert(schema.members).values({ id: 'silent', email: null });
    const others = await db
      .select({ id: schema.members.id })
      .from(schema.members)
      .where(not(eq(schema.members.email, 'late@x.test')));
    const ids = others.map((row) => row.id);
    assert.ok(ids.includes('early'), 'a row that the rotation has not reached is not left out');
    assert.ok(!ids.includes('late') && !ids.includes('silent'));
    isRotating = false;
  });

  test('stores bytes, and reads them', async () => {
    const letter = { id: 'l1', member: 'early', body: 'Dear Ada', meta: { to: 'Ada', cc: 'Bob' } };
    await db.insert(schema.letters).values(letter);
    assert.deepEqual(await db.select().from(schema.letters), [letter]);
    const { body, meta } = (await run('SELECT * FROM letters'))[0]!;
    assert.ok(typeof body === 'object', 'bytes');
    assert.match(
      typeof meta === 'string' ? meta : JSON.stringify(meta),
      /^\{"to":\s*"bw1:[^"]*",\s*"cc":\s*"Bob"\}$|^\{"cc":"Bob","to":"bw1:/,
    );
    if (engine === 'postgres') {
      const early = await db.query.members.findFirst({
        where: eq(schema.members.id, 'early'),
        with: { letters: true },
      });
      assert.deepEqual(early?.letters, [letter]);
    }
  });

  test('opens joins, and what is changed', async () => {
    const { members, letters } = schema;
    const joined = await db
      .select({ email: members.email, body: letters.body })
      .from(letters)
      .innerJoin(members, eq(letters.member, members.id))
      .where(eq(members.email, 'early@x.test'));
    assert.deepEqual(joined, [{ email: 'early@x.test', body: 'Dear Ada' }]);
    const changed = await db.update(letters).set({ body: 'Dear Bob' }).where(eq(letters.id, 'l1')).returning();
    assert.deepEqual(
      changed.map(({ body, meta }) => [body, meta]),
      [['Dear Bob', { to: 'Ada', cc: 'Bob' }]],
    );
    await assert.rejects(async () => db.select({ e: members.email }).from(members).orderBy(members.email), {
      code: 'ERR_UNSUPPORTED_QUERY',
    });
    const upper = { e: sql`upper(${members.email})` };
    await assert.rejects(async () => db.select(upper).from(members), { code: 'ERR_UNSUPPORTED_QUERY' });
    const extras = { upper: sql<string>`upper(${letters.body})`.as('upper') };
    await assert.rejects(async () => db.query.members.findMany({ with: { letters: { extras } } }), {
      code: 'ERR_UNSUPPORTED_QUERY',
    });
  });

  test('works in transactions, on connections of their own', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(schema.letters).values({ id: 'l2', body: 'inside' });
      const rows = await tx
        .select({ body: schema.letters.body })
        .from(schema.letters)
        .where(eq(schema.letters.id, 'l2'));
      assert.deepEqual(rows, [{ body: 'inside' }]);
      await tx.transaction(async (inner) => {
        const found = await inner.query.letters.findFirst({ where: eq(schema.letters.id, 'l2') });
        assert.equal(found?.body, 'inside');
      });
    });
  });

  if (engine === 'sqlite') {
    test('works in a batch', async () => {
      const { letters } = schema;
      const [, rows] = await db.batch([
        db.insert(letters).values({ id: 'l3', body: 'batched' }),
        db.select({ body: letters.body }).from(letters).where(eq(letters.id, 'l3')),
      ]);
      assert.deepEqual(rows, [{ body: 'batched' }]);
    });
  }
});

describe('a synchronous driver', () => {
  test('seals and opens at once, with keys that are at hand', async () => {
    const { fields } = fieldsFixture({ tables: [letters], scope: 'acme' });
    const { Database } = await initSqlJs();
    const db = encryptedDb(sqlJs(new Database(), { schema: sqlite }), fields);
    db.run('CREATE TABLE letters (id text PRIMARY KEY, member text, body blob, meta text)');
    const insert = db.insert(sqlite.letters).values({ id: '1', body: 'Dear Ada', meta: { to: 'Ada' } });
    assert.throws(() => insert.run(), { code: 'ERR_KEY_NOT_WARM' });
    await fields.ready();
    insert.run();
    assert.equal(db.select().from(sqlite.letters).get()?.body, 'Dear Ada');
    assert.equal(db.select().from(sqlite.letters).all()[0]?.body, 'Dear Ada');
    assert.deepEqual(db.query.letters.findFirst({ columns: { body: true } }).sync(), { body: 'Dear Ada' });
    assert.equal(db.select().from(sqlite.letters).prepare().execute().sync()[0]?.body, 'Dear Ada');
    db.transaction((tx) => assert.equal(tx.select().from(sqlite.letters).all()[0]?.body, 'Dear Ada'));
  });
});

describe('columns', () => {
  test('come with those of indexes and plain columns, in the DDL and not for the application', () => {
    const names = [
      'id',
      'email_sealed',
      'email_sealed_index',
      'email_sealed_index_next',
      'email',
      'born_sealed',
      'born',
    ];
    assert.deepEqual(
      sqliteConfig(sqlite.members).columns.map(({ name }) => name),
      names,
    );
    const types = Object.fromEntries(pgConfig(pg.members).columns.map((column) => [column.name, column.getSQLType()]));
    assert.deepEqual([types.email_sealed, types.email_sealed_index, types.born], ['text', 'text', 'date']);
    assert.ok(pgConfig(pg.members).columns.find(({ name }) => name === 'email_sealed_index')?.isUnique);
    assert.deepEqual(
      pgConfig(pg.letters).columns.map((column) => column.getSQLType()),
      ['text', 'text', 'bytea', 'jsonb'],
    );
    // @ts-expect-error: indexes have no types
    assert.equal(sqlite.members.email_sealed_index, undefined);
  });

  const id = { id: sqliteText().primaryKey() };
  const declared = encrypted('things', { secret: text({ search: 'filter' }) });
  const other = encrypted('others', { name: text() });
  const wrong: Record<string, () => { table: SQLiteTable; tables?: EncryptedTable[] }> = {
    'a table of another name': () => ({ table: sqliteTable('thing', { ...id, ...sqliteColumns(declared) }) }),
    'a table without its id': () => ({ table: sqliteTable('things', sqliteColumns(declared)) }),
    'a table without its indexes': () => ({
      table: sqliteTable('things', { ...id, secret: sqliteColumns(declared).secret }),
    }),
    'a default in clear': () => ({
      table: sqliteTable('things', {
        ...id,
        ...sqliteColumns(declared),
        secret: sqliteColumns(declared).secret.default('x'),
      }),
    }),
    'columns of two declared tables': () => ({
      table: sqliteTable('things', { ...id, ...sqliteColumns(declared), ...sqliteColumns(other) }),
      tables: [declared, other],
    }),
    'a record': () => {
      const recorded = encrypted('things', { a: text(), b: text() }, { record: { column: 'ab', fields: ['a', 'b'] } });
      return { table: sqliteTable('things', { ...id, ...sqliteColumns(recorded) }) };
    },
    'a plain column of another name': () => {
      const migrated = encrypted('things', { a: text({ column: 'a_sealed', plainColumn: 'a' }) });
      return { table: sqliteTable('things', { ...id, ...sqliteColumns(migrated, { plain: { a: sqliteText('b') } }) }) };
    },
  };
  for (const [what, make] of Object.entries(wrong)) {
    test(`are refused with ${what}`, async () => {
      const { Database } = await initSqlJs();
      const attempt = async () => {
        const { table, tables = [declared] } = make();
        const { fields } = fieldsFixture({ tables, scope: 'acme' });
        await fields.ready();
        const db = encryptedDb(sqlJs(new Database()), fields);
        db.insert(table)
          .values({ id: '1', secret: 'x' } as never)
          .run();
      };
      await assert.rejects(attempt, { code: 'ERR_DECLARATION' });
    });
  }

  test('are refused of a table that was not given to openFields', async () => {
    const { Database } = await initSqlJs();
    const { fields } = fieldsFixture({ tables: [declared], scope: 'acme' });
    const db = encryptedDb(sqlJs(new Database()), fields);
    assert.throws(() => db.insert(sqlite.letters).values({ id: '1', body: 'x' }).run(), { code: 'ERR_FIELD_UNKNOWN' });
  });
});

describe('encryptedDb refuses', () => {
  const { fields } = fieldsFixture({ tables: [letters], scope: 'acme' });

  test('what is no database of Drizzle', () => {
    for (const db of [{}, { dialect: {}, session: {} }]) {
      assert.throws(() => encryptedDb(db, fields), { code: 'ERR_DECLARATION' });
    }
  });

  test('a database that it was given before', async () => {
    const { Database } = await initSqlJs();
    const db = encryptedDb(sqlJs(new Database()), fields);
    assert.throws(() => encryptedDb(db, fields), { code: 'ERR_DECLARATION' });
  });
});
