import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { before, beforeEach, describe, test } from 'node:test';
import {
  aliasedTable,
  and,
  asc,
  eq,
  inArray,
  isNotNull,
  isNull,
  like,
  not,
  or,
  relations,
  type SQL,
  sql,
} from 'drizzle-orm';
import { QueryBuilder, sqliteTable, text, unionAll } from 'drizzle-orm/sqlite-core';
import { drizzleOnNodeSqlite } from '../../../testing/drizzle-sqlite.ts';
import { type FieldsFixture, fieldsFixture } from '../../../testing/fields-fixture.ts';
import { email, json, number, name as personName, text as textField } from '../../field.ts';
import { newRowId } from '../../new-row-id.ts';
import { encrypted } from '../../table.ts';
import { encryptedDb, mayEqual, sqliteColumns } from './drizzle.ts';

const people = encrypted(
  'people',
  {
    email: email({ search: 'filter' }),
    name: personName({ search: { filterBits: 8 } }),
    notes: textField(),
    facts: json<{ age: number }>(),
  },
  { scope: { column: 'tenant' } },
);
const pets = encrypted(
  'pets',
  { name: textField({ search: 'filter' }), weight: number() },
  { scope: { column: 'tenant' } },
);

const peopleTable = sqliteTable('people', {
  id: text().primaryKey().$defaultFn(newRowId),
  tenant: text().notNull(),
  city: text(),
  ...sqliteColumns(people),
});
const petsTable = sqliteTable('pets', {
  id: text().primaryKey().$defaultFn(newRowId),
  tenant: text().notNull(),
  owner: text().references(() => peopleTable.id),
  ...sqliteColumns(pets),
});
const schema = {
  people: peopleTable,
  pets: petsTable,
  peopleRelations: relations(peopleTable, ({ many }) => ({ pets: many(petsTable) })),
  petsRelations: relations(petsTable, ({ one }) => ({
    owner: one(peopleTable, { fields: [petsTable.owner], references: [peopleTable.id] }),
  })),
};

const DDL = `
  CREATE TABLE people (id text PRIMARY KEY, tenant text NOT NULL, city text, email text, email_index text, name text,
    name_index text, notes text, facts text);
  CREATE TABLE pets (id text PRIMARY KEY, tenant text NOT NULL, owner text, name text, name_index text, weight text)`;

describe('drizzle', () => {
  let fixture: FieldsFixture;
  let database: DatabaseSync;
  let asked: { text: string; params: unknown[] }[];
  let db: ReturnType<typeof drizzleOnNodeSqlite<typeof schema>>;
  const [ada, bob] = [newRowId(), newRowId()];

  before(async () => {
    fixture = fieldsFixture({ tables: [people, pets] });
    await fixture.fields.ready('acme');
    await fixture.fields.ready('globex');
  });

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));

  beforeEach(() =>
    fixture.asTenant('acme', async () => {
      database = new DatabaseSync(':memory:');
      database.exec(DDL);
      asked = [];
      db = encryptedDb(
        drizzleOnNodeSqlite(database, schema, (text, params) => asked.push({ text, params })),
        fixture.fields,
      );
      await db.insert(peopleTable).values([
        {
          id: ada,
          tenant: 'acme',
          city: 'London',
          email: 'ada@x.test',
          name: 'Ada',
          notes: 'canary-a',
          facts: { age: 36 },
        },
        { id: bob, tenant: 'acme', city: 'Turin', email: 'bob@x.test', name: 'Bob', notes: 'canary-b' },
      ]);
      await db.insert(petsTable).values({ id: 'rex', tenant: 'acme', owner: ada, name: 'Rex', weight: 30 });
    }),
  );

  const stored = (id: string) => ({ ...database.prepare('SELECT * FROM people WHERE id = ?').get(id) });
  const refuses = (code: string, run: () => unknown) => assert.rejects(async () => run(), { code });
  const unsupported = (run: () => unknown) => refuses('ERR_UNSUPPORTED_QUERY', run);

  describe('opens', () => {
    inAcme('a selection without the id, and gives nothing that was not asked for', async () => {
      const rows = await db.select({ notes: peopleTable.notes }).from(peopleTable).orderBy(asc(peopleTable.city));
      assert.deepEqual(rows, [{ notes: 'canary-a' }, { notes: 'canary-b' }]);
    });

    inAcme('a whole row without its indexes', async () => {
      const [row] = await db.select().from(peopleTable).where(eq(peopleTable.id, ada));
      assert.deepEqual(Object.keys(row!), ['id', 'tenant', 'city', 'email', 'name', 'notes', 'facts']);
      assert.ok(!asked.at(-1)!.text.includes('_index'));
    });

    inAcme('joins, with rows that are not there', async () => {
      const rows = await db
        .select()
        .from(peopleTable)
        .leftJoin(petsTable, eq(petsTable.owner, peopleTable.id))
        .orderBy(asc(peopleTable.city));
      assert.deepEqual(
        rows.map((row) => [row.people.name, row.pets?.name, row.pets?.weight]),
        [
          ['Ada', 'Rex', 30],
          ['Bob', undefined, undefined],
        ],
      );
      assert.equal(rows[1]!.pets, null);
    });

    inAcme('two rows of one table in a join, under aliases', async () => {
      const other = aliasedTable(peopleTable, 'other');
      const rows = await db
        .select({ a: peopleTable.email, deep: { b: other.email } })
        .from(peopleTable)
        .innerJoin(other, eq(other.city, sql`'Turin'`))
        .where(and(eq(other.email, 'BOB@x.test'), eq(peopleTable.email, 'ada@x.test')));
      assert.deepEqual(rows, [{ a: 'ada@x.test', deep: { b: 'bob@x.test' } }]);
    });

    inAcme('columns of two tables side by side', async () => {
      const rows = await db
        .select({ owner: peopleTable.notes, pet: petsTable.name })
        .from(peopleTable)
        .leftJoin(petsTable, eq(petsTable.owner, peopleTable.id))
        .orderBy(asc(peopleTable.city));
      assert.deepEqual(rows, [
        { owner: 'canary-a', pet: 'Rex' },
        { owner: 'canary-b', pet: null },
      ]);
    });

    inAcme('subqueries and common tables', async () => {
      const inner = db.select({ mail: peopleTable.email, city: peopleTable.city }).from(peopleTable).as('inner_people');
      const outer = await db.select({ m: inner.mail }).from(inner).where(eq(inner.city, 'Turin'));
      assert.deepEqual(outer, [{ m: 'bob@x.test' }]);
      const common = db.$with('common').as(db.select().from(peopleTable).where(eq(peopleTable.email, 'ada@x.test')));
      assert.deepEqual(
        (await db.with(common).select().from(common)).map(({ notes }) => notes),
        ['canary-a'],
      );
    });

    inAcme('relations at any depth', async () => {
      const found = await db.query.people.findFirst({
        where: (row, { eq }) => eq(row.email, 'ada@x.test'),
        columns: { notes: true },
        with: { pets: { columns: { name: true }, with: { owner: true } } },
      });
      assert.deepEqual(found, {
        notes: 'canary-a',
        pets: [
          {
            name: 'Rex',
            owner: {
              id: ada,
              tenant: 'acme',
              city: 'London',
              email: 'ada@x.test',
              name: 'Ada',
              notes: 'canary-a',
              facts: { age: 36 },
            },
          },
        ],
      });
      const many = await db.query.people.findMany({
        columns: { id: false, facts: false },
        orderBy: asc(peopleTable.city),
      });
      assert.deepEqual(Object.keys(many[1]!), ['tenant', 'city', 'email', 'name', 'notes']);
      assert.equal(await db.query.people.findFirst({ where: eq(peopleTable.email, 'nobody@x.test') }), undefined);
    });

    inAcme('what inserts and updates return', async () => {
      const [row] = await db
        .insert(petsTable)
        .values({ tenant: 'acme', name: 'Tom' })
        .returning({ weight: petsTable.weight, called: petsTable.name });
      assert.deepEqual(row, { weight: null, called: 'Tom' });
      const changed = await db.update(peopleTable).set({ notes: 'new' }).where(eq(peopleTable.id, ada)).returning();
      assert.equal(changed[0]!.notes, 'new');
      assert.equal(changed[0]!.email, 'ada@x.test');
    });

    inAcme('a row that was stored without its tenant, which is the one of the moment', async () => {
      await db.insert(peopleTable).values({ id: 'mine', notes: 'x' } as typeof peopleTable.$inferInsert);
      const [row] = await db.select().from(peopleTable).where(eq(peopleTable.id, 'mine'));
      assert.deepEqual([row!.tenant, row!.notes], ['acme', 'x']);
    });

    inAcme('prepared queries, with placeholders for columns in clear', async () => {
      const query = db
        .select()
        .from(peopleTable)
        .where(eq(peopleTable.id, sql.placeholder('id')))
        .prepare();
      assert.equal((await query.get({ id: ada }))?.notes, 'canary-a');
      assert.equal((await query.all({ id: bob }))[0]?.notes, 'canary-b');
      await unsupported(() => query.values({ id: ada }));
    });
  });

  describe('searches', () => {
    const emails = async (condition: SQL | undefined) =>
      (await db.select({ email: peopleTable.email }).from(peopleTable).where(condition))
        .map((row) => row.email)
        .toSorted();

    inAcme('inside of and, or and not', async () => {
      const isAda = eq(peopleTable.email, 'ADA@x.test');
      assert.deepEqual(await emails(or(isAda, eq(peopleTable.city, 'Turin'))), ['ada@x.test', 'bob@x.test']);
      assert.deepEqual(await emails(and(isAda, eq(peopleTable.city, 'Turin'))), []);
      assert.deepEqual(await emails(not(isAda)), ['bob@x.test']);
      assert.deepEqual(await emails(inArray(peopleTable.email, [])), []);
    });

    inAcme('for null and for its contrary', async () => {
      await db.update(peopleTable).set({ email: null }).where(eq(peopleTable.id, bob));
      assert.deepEqual(await emails(isNull(peopleTable.email)), [null]);
      assert.deepEqual(await emails(isNotNull(peopleTable.email)), ['ada@x.test']);
    });

    inAcme('a shortened index by mayEqual only', async () => {
      await unsupported(() => db.select().from(peopleTable).where(eq(peopleTable.name, 'Ada')));
      const rows = await db.select().from(peopleTable).where(mayEqual(peopleTable.name, 'ADA'));
      assert.deepEqual(
        fixture.fields
          .table(people)
          .keepMatches(rows, 'name', 'ada')
          .map(({ id }) => id),
        [ada],
      );
    });

    inAcme('in counts, deletions and the conditions of joins', async () => {
      assert.equal(await db.$count(peopleTable, eq(peopleTable.email, 'ada@x.test')), 1);
      const rows = await db
        .select({ name: petsTable.name })
        .from(petsTable)
        .innerJoin(peopleTable, and(eq(petsTable.owner, peopleTable.id), eq(peopleTable.email, 'ada@x.test')));
      assert.deepEqual(rows, [{ name: 'Rex' }]);
      await db.delete(peopleTable).where(eq(peopleTable.email, 'ada@x.test'));
      assert.equal(await db.$count(peopleTable), 1);
    });

    inAcme('with the keys of the tenant that a condition names', async () => {
      await db.insert(peopleTable).values({ id: 'theirs', tenant: 'globex', email: 'ada@x.test' });
      const ids = async (condition: SQL | undefined) =>
        (await db.select({ id: peopleTable.id }).from(peopleTable).where(condition)).map(({ id }) => id);
      const [isAda, isTheirs] = [eq(peopleTable.email, 'ada@x.test'), eq(peopleTable.tenant, 'globex')];
      assert.deepEqual(await ids(and(isTheirs, and(isAda))), ['theirs']);
      assert.deepEqual(await ids(isAda), [ada]);
      assert.deepEqual(await ids(or(isTheirs, isAda)), ['theirs', ada].toSorted());
      assert.deepEqual(await ids(or(and(isTheirs, eq(peopleTable.id, 'x')), isAda)), [ada]);
      assert.deepEqual(await ids(and(isTheirs, or(isAda, eq(peopleTable.city, 'x')))), ['theirs']);
      assert.deepEqual(await ids(and(isTheirs, not(isAda))), []);
    });

    inAcme('in subqueries of a condition', async () => {
      const owners = db.select({ id: peopleTable.id }).from(peopleTable).where(eq(peopleTable.email, 'ada@x.test'));
      const rows = await db.select({ name: petsTable.name }).from(petsTable).where(inArray(petsTable.owner, owners));
      assert.deepEqual(rows, [{ name: 'Rex' }]);
    });
  });

  describe('updates', () => {
    inAcme('nothing in other rows, whatever the condition says', async () => {
      const before = stored(bob);
      await db
        .update(peopleTable)
        .set({ notes: 'x' })
        .where(and(eq(peopleTable.id, ada), sql`true or true`));
      assert.deepEqual(stored(bob), before);
      assert.equal((await db.select().from(peopleTable).where(eq(peopleTable.id, ada)))[0]!.notes, 'x');
    });

    inAcme('nothing of another tenant', async () => {
      const before = stored(ada);
      await fixture.asTenant('globex', async () => {
        await db.update(peopleTable).set({ notes: 'x' }).where(eq(peopleTable.id, ada));
      });
      assert.deepEqual(stored(ada), before);
    });

    inAcme('null in many rows, and columns in clear', async () => {
      await db.update(peopleTable).set({ notes: null, city: 'Oslo' });
      assert.equal(await db.$count(peopleTable, and(isNull(peopleTable.notes), eq(peopleTable.city, 'Oslo'))), 2);
    });

    inAcme('a row that gives its own id and tenant again', async () => {
      const [row] = await db.select().from(peopleTable).where(eq(peopleTable.id, ada));
      await db
        .update(peopleTable)
        .set({ ...row!, notes: 'again' })
        .where(and(eq(peopleTable.id, ada), eq(peopleTable.tenant, 'acme')));
      assert.equal((await db.select().from(peopleTable).where(eq(peopleTable.id, ada)))[0]!.notes, 'again');
    });

    inAcme('all or nothing in a transaction', async () => {
      const failing = db.transaction(async (tx) => {
        await tx.update(peopleTable).set({ notes: 'never' }).where(eq(peopleTable.id, ada));
        assert.equal((await tx.query.people.findFirst({ where: eq(peopleTable.id, ada) }))!.notes, 'never');
        await tx.transaction(
          async (inner) => void (await inner.insert(petsTable).values({ tenant: 'acme', name: 'Y' })),
        );
        throw new Error('enough');
      });
      await assert.rejects(failing, /enough/);
      assert.equal((await db.select().from(peopleTable).where(eq(peopleTable.id, ada)))[0]!.notes, 'canary-a');
    });

    inAcme('nothing where a row is there already', async () => {
      const before = stored(ada);
      await db.insert(peopleTable).values({ id: ada, tenant: 'acme', notes: 'x' }).onConflictDoNothing();
      await db
        .insert(peopleTable)
        .values({ id: ada, tenant: 'acme', notes: 'x' })
        .onConflictDoUpdate({ target: peopleTable.id, set: { city: 'Bath' } });
      assert.deepEqual(stored(ada), { ...before, city: 'Bath' });
    });
  });

  describe('refuses to store', () => {
    type Attempt = () => PromiseLike<unknown>;
    const attempts: Record<string, [code: string, Attempt]> = {
      'a value without the row': ['ERR_ROW_ID_MISSING', () => db.update(peopleTable).set({ notes: 'x' })],
      'a value in rows found by something else': [
        'ERR_ROW_ID_MISSING',
        () => db.update(peopleTable).set({ notes: 'x' }).where(eq(peopleTable.city, 'London')),
      ],
      'a value in one of two rows': [
        'ERR_ROW_ID_MISSING',
        () =>
          db
            .update(peopleTable)
            .set({ notes: 'x' })
            .where(or(eq(peopleTable.id, ada), eq(peopleTable.id, bob))),
      ],
      'an expression': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.update(peopleTable).set({ notes: sql`'plain'` }).where(eq(peopleTable.id, ada)),
      ],
      'an expression in a new row': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.insert(peopleTable).values({ id: 'n', tenant: 'acme', notes: sql`'plain'` }),
      ],
      'a placeholder': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.insert(peopleTable).values({ id: 'n', tenant: 'acme', notes: sql.placeholder('n') }),
      ],
      'another column': [
        'ERR_UNSUPPORTED_QUERY',
        () =>
          db
            .update(peopleTable)
            .set({ city: sql`${peopleTable.notes}` })
            .where(eq(peopleTable.id, ada)),
      ],
      'another id': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.update(peopleTable).set({ id: bob, notes: 'x' }).where(eq(peopleTable.id, ada)),
      ],
      'another tenant': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.update(peopleTable).set({ tenant: 'globex' }).where(eq(peopleTable.id, ada)),
      ],
      'an index that the application gives': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.insert(peopleTable).values({ tenant: 'acme', ...JSON.parse('{"bulwark:email_index": "evil"}') }),
      ],
      'the change of an upsert': [
        'ERR_UNSUPPORTED_QUERY',
        () =>
          db
            .insert(peopleTable)
            .values({ id: ada, tenant: 'acme', notes: 'x' })
            .onConflictDoUpdate({ target: peopleTable.id, set: { notes: 'x' } }),
      ],
      'another tenant in an upsert': [
        'ERR_UNSUPPORTED_QUERY',
        () =>
          db
            .insert(peopleTable)
            .values({ id: ada, tenant: 'globex', notes: 'x' })
            .onConflictDoUpdate({ target: peopleTable.id, set: { tenant: 'globex' } }),
      ],
      'another id in an upsert': [
        'ERR_UNSUPPORTED_QUERY',
        () =>
          db
            .insert(peopleTable)
            .values({ id: ada, tenant: 'acme' })
            .onConflictDoUpdate({ target: peopleTable.id, set: { id: sql`'other'` } }),
      ],
      'what a select gives': [
        'ERR_UNSUPPORTED_QUERY',
        () => db.insert(peopleTable).select(new QueryBuilder().select().from(peopleTable)),
      ],
    };
    for (const [what, [code, run]] of Object.entries(attempts)) {
      inAcme(what, async () => {
        const before = database.prepare('SELECT * FROM people ORDER BY id').all();
        asked.length = 0;
        await refuses(code, () => run());
        assert.deepEqual(asked, []);
        assert.deepEqual(database.prepare('SELECT * FROM people ORDER BY id').all(), before);
      });
    }
  });

  describe('refuses to ask', () => {
    const inner = () => db.select().from(peopleTable).as('inner_people');
    const questions: Record<string, () => PromiseLike<unknown>> = {
      'for text in an expression of the selection': () =>
        db.select({ low: sql`lower(${peopleTable.email})` }).from(peopleTable),
      'for an alias of an expression': () =>
        db.select({ low: sql`lower(${peopleTable.email})`.as('low') }).from(peopleTable),
      'for an expression that claims to be the column': () =>
        db.select({ low: sql`'x'`.mapWith(peopleTable.email) }).from(peopleTable),
      'for one value of a subquery': () =>
        db.select({ one: db.select({ e: peopleTable.email }).from(peopleTable).as('one') as never }).from(petsTable),
      'for text by name': () => db.select().from(peopleTable).where(sql`email = ${'ada@x.test'}`),
      'for text by name in an order': () => db.select().from(peopleTable).orderBy(sql`"email" desc`),
      'a subquery from outside': () => {
        const people = inner();
        return db.select().from(people).where(eq(people.email, 'ada@x.test'));
      },
      'with like in a relational query': () =>
        db.query.people.findMany({ where: (row, { like }) => like(row.email, '%a%') }),
      'with like inside of a relation': () =>
        db.query.people.findMany({ with: { pets: { where: (row, { like }) => like(row.name, '%a%') } } }),
      'for an order of a relational query': () =>
        db.query.people.findMany({ orderBy: (row, { asc }) => asc(row.email) }),
      'for extras of a relational query': () =>
        db.query.people.findMany({ extras: { low: sql<string>`lower(${peopleTable.email})`.as('low') } }),
      'for a union': () =>
        unionAll(
          db.select({ e: peopleTable.email }).from(peopleTable),
          db.select({ e: petsTable.name }).from(petsTable),
        ),
      'in the order of a union': () =>
        unionAll(
          db.select({ e: peopleTable.city }).from(peopleTable),
          db.select({ e: petsTable.owner }).from(petsTable),
        ).orderBy(peopleTable.email),
      'for a count by like': () => db.$count(peopleTable, like(peopleTable.email, '%a%')),
      'with the column in a raw statement': () =>
        db.all(sql`select * from ${peopleTable} where ${peopleTable.email} like 'a%'`),
      'for a deletion by like': () => db.delete(peopleTable).where(like(peopleTable.notes, '%canary%')),
      'for an equality in a join with another column': () =>
        db.select().from(peopleTable).innerJoin(petsTable, eq(peopleTable.name, petsTable.name)),
      'with a parameter of the column': () =>
        db
          .select()
          .from(peopleTable)
          .where(eq(peopleTable.city, sql`${sql.param('x', peopleTable.email)}`)),
    };
    for (const [what, run] of Object.entries(questions)) {
      inAcme(what, async () => {
        asked.length = 0;
        await unsupported(run);
        assert.deepEqual(asked, [], 'nothing reached the database');
      });
    }
  });

  inAcme('gives the database no plain text, neither in statements nor in parameters', async () => {
    await db.select().from(peopleTable).where(eq(peopleTable.email, 'ada@x.test'));
    await db.update(peopleTable).set({ notes: 'canary-c', email: 'new@x.test' }).where(eq(peopleTable.id, ada));
    await db.query.people.findMany({
      where: inArray(peopleTable.email, ['new@x.test', 'bob@x.test']),
      with: { pets: true },
    });
    assert.ok(!/canary|x\.test|"Rex"|"Ada"/.test(JSON.stringify(asked)));
  });

  inAcme('leaves raw statements alone, whose rows openRow opens', async () => {
    const [row] = (await db.all(sql`select id, notes from people where id = ${ada}`)) as [[string, string]];
    const [id, notes] = row;
    assert.match(notes, /^bw1:/);
    assert.equal(fixture.fields.table(people).openRow({ id, notes }).notes, 'canary-a');
  });

  describe('without encryptedDb', () => {
    inAcme('nothing is stored, compared or read', async () => {
      const bare = drizzleOnNodeSqlite(database, schema);
      await unsupported(() => bare.insert(peopleTable).values({ tenant: 'acme', notes: 'x' }));
      await unsupported(() => bare.select().from(peopleTable).where(eq(peopleTable.email, 'x')));
      const [row] = await bare.select().from(peopleTable).where(eq(peopleTable.id, ada));
      assert.throws(() => JSON.stringify(row), { code: 'ERR_DECLARATION' });
      assert.throws(() => `${row!.notes}`, { code: 'ERR_DECLARATION' });
    });
  });
});
