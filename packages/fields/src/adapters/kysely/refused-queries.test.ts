import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Kysely, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/sqlite';
import { type KyselyFixture, type KyselyTables, kyselyFixture } from '../../../testing/kysely-fixture.ts';

// biome-ignore lint/suspicious/noExplicitAny: queries that types would refuse come from JavaScript and from input
type Db = Kysely<any>;
type Query = (db: Db) => { compile(): unknown };

/** Refused while the query is built: the engine does not matter. */
describe('the adapter refuses', () => {
  let fixture: KyselyFixture;
  before(async () => {
    fixture = await kyselyFixture(':memory:');
  });
  after(() => fixture.plain.destroy());

  function refuses(cases: Record<string, Query>, code = 'ERR_UNSUPPORTED_QUERY'): void {
    for (const [title, query] of Object.entries(cases)) {
      test(title, () =>
        fixture.asTenant('acme', () => {
          const build = () => query(fixture.db as unknown as Db).compile();
          assert.throws(build, (error: Error & { code?: string }) => {
            assert.equal(error.code, code, error.stack);
            assert.ok(!error.message.includes('canary'), 'a value is in the message');
            return true;
          });
        }),
      );
    }
  }
  const people = (db: Db) => db.selectFrom('person');
  const canary = 'canary@public.test';

  describe('conditions', () =>
    refuses({
      'equality of a field without search': (db) => people(db).where('notes', '=', canary),
      'not equal': (db) => people(db).where('email', '!=', canary),
      'not in': (db) => people(db).where('email', 'not in', [canary]),
      '= null': (db) => people(db).where('email', '=', null),
      'in with null': (db) => people(db).where('email', 'in', [null]),
      'in with an expression': (db) => people(db).where('email', 'in', [canary, sql`lower('X')`]),
      'in with a subquery': (db) => people(db).where('email', 'in', db.selectFrom('orders').select('email')),
      'is distinct from': (db) => people(db).where('email', 'is distinct from', canary),
      like: (db) => people(db).where('email', 'like', canary),
      between: (db) => people(db).where((eb) => eb.between('email', 'a', canary)),
      'an operator in raw SQL': (db) => people(db).where('email', sql`=`, canary),
      'equality under not': (db) => people(db).where((eb) => eb.not(eb('email', '=', canary))),
      'equality under not, in parentheses and alternatives': (db) =>
        people(db).where((eb) => eb.not(eb.or([eb('city', '=', 'x'), eb('email', '=', canary)]))),
      'equality in case': (db) =>
        people(db).select((eb) => eb.case().when('email', '=', canary).then(1).else(0).end().as('x')),
      'equality as a value': (db) => people(db).select((eb) => eb('email', '=', canary).as('x')),
      'a field on the right side': (db) => people(db).where((eb) => eb(eb.val(canary), '=', eb.ref('email'))),
      'a field inside a function': (db) => people(db).where((eb) => eb(eb.fn('lower', ['email']), '=', canary)),
      'a field inside a cast': (db) => people(db).where((eb) => eb(eb.cast('email', 'text'), '=', canary)),
      'a tuple': (db) => people(db).where((eb) => eb(eb.refTuple('id', 'email'), 'in', [eb.tuple('a', canary)])),
      'a path in JSON': (db) => people(db).where((eb) => eb(eb.ref('card', '->').key('no' as never), '=', canary)),
      'two fields': (db) => people(db).whereRef('email', '=', 'notes'),
      'a join on a field': (db) => people(db).innerJoin('orders', 'orders.email', 'person.email'),
      'a join on a field, from its side': (db) => people(db).innerJoin('orders', 'person.email', 'orders.email'),
      'a field in another letter case': (db) => people(db).where('EMAIL', 'like', canary),
      'a table in another letter case': (db) => db.selectFrom('PERSON').where('email', 'like', canary),
      'a table in another schema': (db) => db.selectFrom('app.person').where('app.person.email', 'like', canary),
      'a name that is made at run time': (db) => people(db).where(db.dynamic.ref('person.email'), '>', canary),
      'a search of what a subquery gives': (db) =>
        db.selectFrom(people(db).select(['id', 'email']).as('p')).where('email', '=', canary),
      'a shortened index': (db) => db.selectFrom('patient').where('weight', '=', 70),
      'null of a field in a record': (db) => db.selectFrom('vault').where('password', 'is', null),
      'a field that may be that of the query around': (db) =>
        people(db).where((eb) => eb.exists(eb.selectFrom('orders').where('email', '=', canary))),
      'a field that two tables have': (db) =>
        people(db).innerJoin('person as other', 'other.id', 'person.id').where('email', '=', canary),
      'a field by a table that is not there': (db) => people(db).where(sql.ref('nobody.email'), '=', canary),
      'the column that a field is stored in': (db) => people(db).where('mail', '=', canary),
      'an index': (db) => people(db).where('mail_index', '=', canary),
      'a condition of a deletion': (db) => db.deleteFrom('person').where('notes', '=', canary),
      'a condition of an aggregate': (db) =>
        people(db).select((eb) => eb.fn.countAll().filterWhere('notes', '=', canary).as('n')),
    }));

  describe('orders and groups', () =>
    refuses({
      'order by': (db) => people(db).select('id').orderBy('email'),
      'order by an alias': (db) => people(db).select('email as x').orderBy('x'),
      'order by a position': (db) => people(db).select(['email', 'city']).orderBy(sql`2`),
      'order by what a subquery gives': (db) => db.selectFrom(people(db).select('email').as('p')).orderBy('p.email'),
      'group by': (db) => people(db).select('city').groupBy(['city', 'email']),
      'a field beside group by': (db) => people(db).select('email').groupBy('id'),
      distinct: (db) => people(db).select('email').distinct(),
      'distinct in raw SQL': (db) => people(db).select('email').modifyFront(sql`distinct`),
      'distinct on': (db) => people(db).select('id').distinctOn('email'),
      having: (db) => people(db).select('city').groupBy('city').having('email', '>', canary),
      max: (db) => people(db).select((eb) => eb.fn.max('email').as('x')),
      'count of a field': (db) => people(db).select((eb) => eb.fn.count('person.email').as('x')),
      'a window': (db) =>
        people(db).select((eb) =>
          eb.fn
            .countAll()
            .over((o) => o.partitionBy('email'))
            .as('x'),
        ),
      union: (db) => people(db).select('email').union(db.selectFrom('orders').select('email')),
      'union, in its second part': (db) => db.selectFrom('orders').select('email').union(people(db).select('email')),
      'union of all columns': (db) => people(db).selectAll().union(people(db).selectAll()),
    }));

  describe('columns', () =>
    refuses({
      'a subquery as a value': (db) =>
        db.selectFrom('orders').select((eb) => eb.selectFrom('person').select('person.email').limit(1).as('x')),
      'rows as JSON': (db) =>
        db.selectFrom('orders').select((eb) => jsonArrayFrom(eb.selectFrom('person').select('person.email')).as('x')),
      'a row as JSON': (db) => people(db).select((eb) => eb.fn.toJson('person').as('x')),
      'a row as JSON, by its alias': (db) => db.selectFrom('person as p').select((eb) => eb.fn.toJson('p').as('x')),
      'two tables with all their columns': (db) =>
        people(db).innerJoin('orders', 'orders.person_id', 'person.id').selectAll(),
      'all columns, and another column of such a name': (db) =>
        people(db).innerJoin('orders', 'orders.person_id', 'person.id').selectAll('person').select('orders.email'),
      'all columns, and the id of another row': (db) =>
        people(db).innerJoin('orders', 'orders.person_id', 'person.id').selectAll('person').select('orders.id'),
      'all columns, and another called like the tenant': (db) => people(db).select('city as TENANT_ID').selectAll(),
      'raw SQL without a name beside all columns': (db) =>
        people(db)
          .select(sql`1` as never)
          .selectAll(),
      'all columns, and another called like a stored one': (db) => people(db).selectAll().select('city as mail_index'),
      'all columns of the query around': (db) =>
        people(db).innerJoinLateral(
          (eb) => eb.selectFrom('orders').selectAll('person').as('o'),
          (j) => j.onTrue(),
        ),
      'a row as a column of that name': (db) => people(db).select('person'),
      'all columns beside a subquery': (db) =>
        db.selectFrom(['orders', people(db).select(['id', 'email']).as('p')]).selectAll(),
      'what `output` gives': (db) => db.deleteFrom('person').outputAll('deleted').where('id', '=', 'a'),
      'an alias in raw SQL': (db) => people(db).select(sql.ref('email').as(sql`"x"`)),
      'a name that the adapter gives': (db) => people(db).select(['email', 'city as bw:0']),
      'a `with` that renames its columns': (db) =>
        db
          .with('p(a)' as 'p', (q) => q.selectFrom('person').select('email'))
          .selectFrom('p')
          .select('a'),
    }));

  describe('raw SQL', () =>
    refuses({
      'a query': (db) => ({ compile: () => sql`select * from person where mail = ${canary}`.compile(db) }),
      'a query with quotes': (db) => ({ compile: () => sql`select * from "PERSON"`.compile(db) }),
      'a query by sql.table': (db) => ({ compile: () => sql`select * from ${sql.table('person')}`.compile(db) }),
      'a query by sql.id': (db) => ({ compile: () => sql`select * from ${sql.id('main', 'person')}`.compile(db) }),
      'a query by sql.ref': (db) => ({ compile: () => sql`select * from ${sql.ref('main.person')}`.compile(db) }),
      'a query by sql.raw': (db) => ({ compile: () => sql.raw('delete from person').compile(db) }),
      'a table': (db) => db.selectFrom(sql`person`.as('p')).where('email', '=', canary),
      'a field': (db) => people(db).where(sql<boolean>`lower(email) = ${canary}`),
      'a field by its table': (db) => people(db).where(sql<boolean>`person.email = ${canary}`),
      'a stored column': (db) => people(db).select(sql`p.mail`.as('x')),
      'a field by sql.ref': (db) => people(db).where(sql<boolean>`lower(${sql.ref('person.email')}) = ${canary}`),
      'a field by sql.id': (db) => people(db).where(sql<boolean>`${sql.id('person', 'email')} = ${canary}`),
      'a row': (db) => db.selectFrom('person as p').select(sql`row_to_json(p)`.as('x')),
      'all columns': (db) => people(db).select(sql`*` as never),
      'all columns of a table': (db) => people(db).select(sql`person.*`.as('x')),
      'a field in an order': (db) => people(db).select('id').orderBy(sql`email desc`),
    }));

  describe('writes', () =>
    refuses({
      'an insert from a query': (db) =>
        db
          .insertInto('person')
          .columns(['id', 'email'])
          .expression(db.selectFrom('orders').select(['id', 'email'])),
      'an insert of an expression': (db) =>
        db.insertInto('person').values({ id: 'a', tenant_id: 'acme', email: sql`lower('X')` }),
      'an insert in two letter cases': (db) =>
        db.insertInto('person').values({ id: 'a', email: canary, EMAIL: canary }),
      'an insert into a stored column': (db) => db.insertInto('person').values({ id: 'a', mail: canary }),
      'an insert into an index': (db) => db.insertInto('person').values({ id: 'a', mail_index: canary }),
      'a copy of a field to another table': (db) =>
        db.insertInto('orders').columns(['email']).expression(people(db).select('email')),
      'a table made from a field': (db) => db.schema.createTable('copy').as(people(db).select('email')),
      'a view of all columns': (db) => db.schema.createView('copy').as(people(db).selectAll()),
      'an update by an expression': (db) =>
        db.updateTable('person').set({ email: sql`lower('X')` }).where('id', '=', 'a'),
      'an update from another column': (db) =>
        db
          .updateTable('person')
          .set((eb) => ({ email: eb.ref('city') }))
          .where('id', '=', 'a'),
      'an update of a column in clear from a field': (db) =>
        db
          .updateTable('person')
          .set((eb) => ({ city: eb.ref('email') }))
          .where('id', '=', 'a'),
      'a column of a table that is read beside the updated one': (db) =>
        db
          .updateTable('orders')
          .from('person')
          .set('person.notes', canary as never)
          .where('orders.id', '=', 'o1'),
      'the same, where both are declared': (db) =>
        db
          .updateTable('person')
          .from('vault as v')
          .set('v.password', canary as never)
          .where('person.id', '=', 'a'),
      'an update of a stored column': (db) => db.updateTable('person').set({ mail: canary }).where('id', '=', 'a'),
      'an update of raw SQL': (db) =>
        db
          .updateTable('person')
          .set(sql`email` as never, canary as never)
          .where('id', '=', 'a'),
      'an update of a path': (db) =>
        db
          .updateTable('person')
          .set((eb) => eb.ref('card', '->').key('no' as never) as never, canary as never)
          .where('id', '=', 'a'),
      'a row that is given to another tenant': (db) =>
        db.updateTable('person').set({ tenant_id: 'globex' }).where('id', '=', 'a'),
      'a row that gets another id': (db) => db.updateTable('person').set({ id: 'b' }).where('id', '=', 'a'),
      'an update of several tables': (db) => db.updateTable(['person', 'orders'] as never).set({ city: 'x' }),
      'a conflict on a field that is not unique': (db) =>
        db
          .insertInto('person')
          .values({ id: 'a', tenant_id: 'acme' })
          .onConflict((oc) => oc.column('notes').doNothing()),
      'on duplicate key': (db) =>
        db.insertInto('person').values({ id: 'a', tenant_id: 'acme' }).onDuplicateKeyUpdate({ notes: canary }),
      'a merge': (db) =>
        db
          .mergeInto('person')
          .using('orders', 'orders.person_id', 'person.id')
          .whenMatched()
          .thenUpdateSet({ city: 'x' }),
    }));

  describe('rows that it does not know', () =>
    refuses(
      {
        'an insert whose id the database makes': (db) =>
          db.insertInto('person').values({ tenant_id: 'acme', email: canary }),
        'an insert whose id is computed': (db) =>
          db.insertInto('person').values({ id: sql`lower('X')`, tenant_id: 'acme', email: canary }),
        'an update of all rows': (db) => db.updateTable('person').set({ email: canary }),
        'an update of two rows': (db) => db.updateTable('person').set({ email: canary }).where('id', 'in', ['a', 'b']),
        'an update by alternatives': (db) =>
          db
            .updateTable('person')
            .set({ email: canary })
            .where((eb) => eb.or([eb('id', '=', 'a'), eb('id', '=', 'b')])),
        'an update by the id of another table': (db) =>
          db.updateTable('person').from('orders').set({ email: canary }).where('orders.id', '=', 'a'),
        'an upsert by another column': (db) =>
          db
            .insertInto('person')
            .values({ id: 'a', tenant_id: 'acme', email: canary })
            .onConflict((oc) => oc.column('email').doUpdateSet((eb) => ({ notes: eb.ref('excluded.notes') }))),
        'an upsert of many to one value': (db) =>
          db
            .insertInto('person')
            .values(['a', 'b'].map((id) => ({ id, tenant_id: 'acme' })))
            .onConflict((oc) => oc.column('id').doUpdateSet({ notes: canary })),
      },
      'ERR_ROW_ID_MISSING',
    ));

  describe('rows of a tenant that it does not know', () =>
    refuses(
      {
        'an insert whose tenant is computed': (db) =>
          db.insertInto('person').values({ id: 'a', tenant_id: sql`lower('X')`, email: canary }),
      },
      'ERR_SCOPE_MISSING',
    ));

  describe('half a record', () =>
    refuses(
      {
        'in an insert': (db) => db.insertInto('vault').values({ id: 'a', login: canary }),
        'in an update': (db) => db.updateTable('vault').set({ password: canary }).where('id', '=', 'a'),
        'in an upsert': (db) =>
          db
            .insertInto('vault')
            .values({ id: 'a', login: canary, password: canary })
            .onConflict((oc) => oc.column('id').doUpdateSet((eb) => ({ login: eb.ref('excluded.login') }))),
      },
      'ERR_RECORD_PARTIAL',
    ));

  test('nothing of tables that are not declared, nor definitions of those that are', () => {
    const { plain } = fixture;
    const db = fixture.db as unknown as Kysely<KyselyTables>;
    const queries: ((on: Kysely<KyselyTables>) => { compile(): { sql: string; parameters: readonly unknown[] } })[] = [
      (on) => on.selectFrom('orders').selectAll().distinct().where('email', 'like', '%').orderBy('email'),
      (on) => on.insertInto('orders').values({ id: 'o', person_id: 'p', email: 'bw:0', total: 1 }).returningAll(),
      (on) => on.updateTable('orders').set({ email: sql`lower(email)` }),
      (on) => on.schema.alterTable('person').addColumn('email', 'text', (column) => column.defaultTo('x')),
      (on) => on.schema.createIndex('mails').on('person').column('mail_index').where(sql`mail_index`, 'is not', null),
    ];
    for (const query of queries) {
      const [with_, without] = [query(db).compile(), query(plain).compile()];
      assert.deepEqual([with_.sql, with_.parameters], [without.sql, without.parameters]);
    }
  });

  test('to take a value that looks like a part of a query for one', () =>
    fixture.asTenant('acme', () => {
      const card = { kind: 'TableNode', table: { identifier: { name: 'person' } } };
      const order = { id: 'o', person_id: 'p', email: card as unknown as string, total: 1 };
      const { sql: asked, parameters } = fixture.db.insertInto('orders').values(order).compile();
      assert.match(asked, /^insert into "orders"/);
      assert.ok(parameters.includes(card));
      const found = fixture.db
        .selectFrom('person')
        .select('id')
        .where('city', '=', card as never)
        .compile();
      assert.ok(found.parameters.includes(card));
    }));
});
