import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Insertable, type Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type KyselyFixture, type KyselyTables, kyselyFixture } from '../../../testing/kysely-fixture.ts';

type Db = Kysely<KyselyTables>;

forEachDatabase('queries', (openUrl, engine) => {
  let fixture: KyselyFixture;
  let db: Db;
  before(async () => {
    fixture = await kyselyFixture(await openUrl());
    db = fixture.db;
  });
  after(() => fixture.plain.destroy());
  afterEach(() => {
    const text = JSON.stringify(fixture.asked().map(({ sql: asked, parameters }) => [asked, parameters]));
    assert.ok(!/canary/i.test(text), 'plain text has reached the database');
  });
  before(() => fixture.db.insertInto('vault').values({ id: 'v', login: 'root', password: 'canary' }).execute());

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));

  describe('give what was asked for', () => {
    const cases: Record<string, readonly [query: (on: Db) => { execute(): Promise<unknown> }, rows: unknown]> = {
      'a field alone, without the columns it takes to open it': [
        (on) => on.selectFrom('person').select('email').where('id', '=', 'ada'),
        [{ email: 'ada@canary.test' }],
      ],
      'fields under other names, and twice': [
        (on) =>
          on
            .selectFrom('person as p')
            .select(['p.id as city', 'p.email as id', 'email', 'notes as x'])
            .where('p.id', '=', 'ada'),
        [{ city: 'ada', id: 'ada@canary.test', email: 'ada@canary.test', x: 'canary tea' }],
      ],
      'a row with all its columns, and no others': [
        (on) => on.selectFrom('person').selectAll().where('email', '=', 'BOB@canary.test'),
        [
          {
            id: 'bob',
            tenant_id: 'acme',
            city: 'Turin',
            friend_id: null,
            email: 'bob@canary.test',
            notes: null,
            card: { no: 'canary 42' },
          },
        ],
      ],
      'all columns of one table of a join, and some of another': [
        (on) =>
          on
            .selectFrom('person')
            .innerJoin('orders', 'orders.person_id', 'person.id')
            .selectAll('person')
            .select(['total', 'orders.email as sent_to'])
            .where('person.email', '=', 'ada@canary.test'),
        [
          {
            id: 'ada',
            tenant_id: 'acme',
            city: 'London',
            friend_id: 'bob',
            email: 'ada@canary.test',
            notes: 'canary tea',
            card: null,
            total: 10,
            sent_to: 'shop@public.test',
          },
        ],
      ],
      'columns that are named beside all the others': [
        (on) => on.selectFrom('vault').selectAll().select(['id', 'login', 'password as secret']).where('id', '=', 'v'),
        [{ id: 'v', login: 'root', password: 'canary', secret: 'canary' }],
      ],
      'rows of two tenants, each with its keys': [
        (on) => on.selectFrom('person').select('email').where('city', '=', 'London').orderBy('id'),
        [{ email: 'ada@canary.test' }, { email: 'eve@canary.test' }],
      ],
      'a table joined with itself, where one side may be missing': [
        (on) =>
          on
            .selectFrom('person as a')
            .leftJoin('person as b', 'a.friend_id', 'b.id')
            .select(['a.email as mine', 'b.email as theirs'])
            .where('a.tenant_id', '=', 'acme')
            .orderBy('a.id'),
        [
          { mine: 'ada@canary.test', theirs: 'bob@canary.test' },
          { mine: 'bob@canary.test', theirs: null },
        ],
      ],
      'a subquery, by name and as a whole': [
        (on) =>
          on
            .selectFrom((eb) =>
              eb
                .selectFrom('person')
                .select(['id', 'email as mail', 'city'])
                .where('email', '=', 'ada@canary.test')
                .as('p'),
            )
            .selectAll()
            .select('p.mail as again'),
        [{ id: 'ada', mail: 'ada@canary.test', city: 'London', again: 'ada@canary.test' }],
      ],
      'a subquery that was made from the database': [
        (on) =>
          on
            .selectFrom(on.selectFrom('person').selectAll().where('email', '=', 'ada@canary.test').as('p'))
            .select(['p.notes', 'p.id']),
        [{ notes: 'canary tea', id: 'ada' }],
      ],
      'a `with` of a `with`': [
        (on) =>
          on
            .with('londoners', (q) =>
              q.selectFrom('person').select(['id', 'notes', 'tenant_id']).where('city', '=', 'London'),
            )
            .with('ours', (q) => q.selectFrom('londoners').selectAll().where('tenant_id', '=', 'acme'))
            .selectFrom('ours')
            .innerJoin('orders', 'orders.person_id', 'ours.id')
            .select(['ours.notes', 'total']),
        [{ notes: 'canary tea', total: 10 }],
      ],
      'a `with` that is called like a declared table': [
        (on) =>
          on
            .with('person', (q) => q.selectFrom('orders').select('email'))
            .selectFrom('person')
            .select('email')
            .orderBy('email', 'desc')
            .where('email', 'is not', null),
        [{ email: 'shop@public.test' }],
      ],
      'conditions inside `exists` and `in`': [
        (on) =>
          on
            .selectFrom('orders')
            .select('orders.id')
            .where((eb) =>
              eb.exists(
                eb
                  .selectFrom('person')
                  .selectAll()
                  .whereRef('person.id', '=', 'person_id')
                  .where('person.email', '=', 'ada@canary.test'),
              ),
            )
            .where('person_id', 'in', on.selectFrom('person').select('id').where('notes', 'is not', null)),
        [{ id: 'o1' }],
      ],
      'conditions of joins and of aggregates': [
        (on) =>
          on
            .selectFrom('orders')
            .innerJoin('person', (join) =>
              join
                .onRef('person.id', '=', 'person_id')
                .on('person.email', 'in', ['ada@canary.test', 'bob@canary.test']),
            )
            .select((eb) => [
              'total',
              eb
                .cast<number>(eb.fn.countAll().filterWhere('person.email', '=', 'bob@canary.test'), 'integer')
                .as('bobs'),
            ])
            .groupBy('total')
            .orderBy('total'),
        [
          { total: 10, bobs: 0 },
          { total: 20, bobs: 1 },
        ],
      ],
      'null checks, in any condition': [
        (on) =>
          on
            .selectFrom('person')
            .select('id')
            .where((eb) => eb.or([eb('notes', 'is', null), eb.not(eb('card', 'is', null))])),
        [{ id: 'bob' }],
      ],
      'alternatives, and an empty list': [
        (on) =>
          on
            .selectFrom('person')
            .select('id')
            .where((eb) => eb.or([eb('email', '=', 'ada@canary.test'), eb('city', '=', 'Turin')]))
            .where((eb) => eb.or([eb('email', 'in', []), eb('id', '=', 'ada')])),
        [{ id: 'ada' }],
      ],
      'a search among the rows of the tenant that the condition names': [
        (on) =>
          on
            .selectFrom('person')
            .select('notes')
            .where('tenant_id', '=', 'globex')
            .where('email', '=', sql.val('eve@canary.test')),
        [{ notes: 'canary gin' }],
      ],
      'a search in each of the tenants that the parts of a condition name': [
        (on) =>
          on
            .selectFrom('person')
            .select('id')
            .where((eb) =>
              eb.or([
                eb.and({ tenant_id: 'globex', email: 'eve@canary.test' }),
                eb.and({ tenant_id: 'acme', email: 'ada@canary.test' }),
                eb.and({ tenant_id: 'globex', email: 'bob@canary.test' }),
              ]),
            )
            .orderBy('id'),
        [{ id: 'ada' }, { id: 'eve' }],
      ],
      'a search for the tenant that the condition of a join names': [
        (on) =>
          on
            .selectFrom('orders')
            .innerJoin('person', (join) =>
              join.on('person.tenant_id', '=', 'globex').on('person.email', '=', 'eve@canary.test'),
            )
            .select('person.id')
            .where('orders.id', '=', 'o1'),
        [{ id: 'eve' }],
      ],
      'aggregates of columns in clear': [
        (on) =>
          on
            .selectFrom('person')
            .select((eb) => ['city', eb.cast<number>(eb.fn.countAll(), 'integer').as('many')])
            .groupBy('city')
            .orderBy('city'),
        [
          { city: 'London', many: 2 },
          { city: 'Turin', many: 1 },
        ],
      ],
      'a column of another table that has the name of a field': [
        (on) => on.selectFrom('orders').select('email').where('email', 'like', 'shop@%').orderBy('email'),
        [{ email: 'shop@public.test' }],
      ],
      'raw SQL on columns in clear': [
        (on) =>
          on
            .selectFrom('person')
            .select(['email', sql<string>`lower(person.city)`.as('town')])
            .where(sql<boolean>`city = ${'Turin'}`),
        [{ email: 'bob@canary.test', town: 'turin' }],
      ],
      'a field by `sql.ref`': [
        (on) =>
          on
            .selectFrom('person')
            .select(sql.ref<string>('person.email').as('mail'))
            .where(sql.ref('email'), '=', 'ada@canary.test'),
        [{ mail: 'ada@canary.test' }],
      ],
    };
    for (const [title, [query, rows]] of Object.entries(cases)) {
      inAcme(title, async () => assert.deepEqual(await query(db).execute(), rows));
    }

    // PostgreSQL streams with a cursor, which is a package of its own.
    if (engine === 'sqlite') {
      inAcme('a stream', async () => {
        const seen: unknown[] = [];
        for await (const row of db.selectFrom('person').select('notes').orderBy('id').stream()) seen.push(row.notes);
        assert.deepEqual(seen, ['canary tea', null, 'canary gin']);
      });
    }

    inAcme('several queries of one builder at the same time', async () => {
      const base = db.selectFrom('person').where('id', '=', 'ada');
      const all = [
        base.select('email').execute(),
        base.select('notes as email').execute(),
        base.selectAll().execute(),
        base.select('city').execute(),
      ];
      const [one, two, three, four] = await Promise.all(all as Promise<Record<string, unknown>[]>[]);
      assert.deepEqual(one, [{ email: 'ada@canary.test' }]);
      assert.deepEqual(two, [{ email: 'canary tea' }]);
      assert.equal(three?.[0]?.email, 'ada@canary.test');
      assert.deepEqual(four, [{ city: 'London' }]);
    });
  });

  describe('write', () => {
    const find = (id: string) => db.selectFrom('person').selectAll().where('id', '=', id).executeTakeFirst();
    const raw = (id: string) =>
      fixture.plain.withoutPlugins().selectFrom('person').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

    inAcme('what is inserted, and give it back', async () => {
      const returned = await db
        .insertInto('person')
        .values({ id: 'new', tenant_id: 'acme', email: 'new@canary.test', city: sql<string>`upper(${'rome'})` })
        .returning(['id', 'email', 'city'])
        .execute();
      assert.deepEqual(returned, [{ id: 'new', email: 'new@canary.test', city: 'ROME' }]);
      const changed = db.updateTable('person').set({ notes: 'canary', city: 'Oslo' }).where('id', '=', 'new');
      assert.equal((await changed.returningAll().executeTakeFirstOrThrow()).notes, 'canary');
      const gone = db.deleteFrom('person').where('email', '=', 'new@canary.test').where('tenant_id', '=', 'acme');
      assert.deepEqual(await gone.returning('notes').execute(), [{ notes: 'canary' }]);
    });

    inAcme('whose row it is, where nobody said so', async () => {
      const row = { id: 'mine', notes: 'canary' } as Insertable<KyselyTables['person']>;
      await db.insertInto('person').values(row).execute();
      assert.equal((await raw('mine')).tenant_id, 'acme');
      await db.deleteFrom('person').where('id', '=', 'mine').execute();
      const unsaid = { ...row, tenant_id: null } as unknown as Insertable<KyselyTables['person']>;
      await db.insertInto('person').values(unsaid).execute();
      assert.equal((await raw('mine')).tenant_id, 'acme');
      await db.deleteFrom('person').where('id', '=', 'mine').execute();
    });

    inAcme('rows with different columns', async () => {
      await db
        .insertInto('person')
        .values([
          { id: 'x1', tenant_id: 'acme', notes: 'canary' },
          { id: 'x2', tenant_id: 'acme', email: 'x2@canary.test' },
        ])
        .execute();
      assert.equal((await find('x1'))?.notes, 'canary');
      assert.equal((await find('x2'))?.email, 'x2@canary.test');
      await db.deleteFrom('person').where('id', 'in', ['x1', 'x2']).execute();
    });

    inAcme('an upsert by id: to what was to be inserted, or to another value', async () => {
      const upsert = (notes: string) =>
        db
          .insertInto('person')
          .values({ id: 'up', tenant_id: 'acme', notes, email: 'up@canary.test' })
          .onConflict((oc) =>
            oc.column('id').doUpdateSet((eb) => ({
              notes: eb.ref('excluded.notes'),
              email: 'other@canary.test',
              tenant_id: eb.ref('excluded.tenant_id'),
            })),
          )
          .execute();
      await upsert('canary 1');
      await upsert('canary 2');
      const row = await find('up');
      assert.equal(row?.notes, 'canary 2');
      assert.equal(row?.email, 'other@canary.test');
      const byEmail = db.selectFrom('person').select('id').where('email', '=', 'other@canary.test');
      assert.deepEqual(await byEmail.execute(), [{ id: 'up' }]);
      await db.deleteFrom('person').where('id', '=', 'up').execute();
    });

    inAcme('nothing to a row of another tenant', async () => {
      const before = await raw('eve');
      const result = await db.updateTable('person').set({ notes: 'canary' }).where('id', '=', 'eve').executeTakeFirst();
      assert.equal(Number(result.numUpdatedRows), 0);
      await db
        .insertInto('person')
        .values({ id: 'eve', tenant_id: 'acme', notes: 'canary' })
        .onConflict((oc) => oc.column('id').doUpdateSet((eb) => ({ notes: eb.ref('excluded.notes') })))
        .execute();
      assert.deepEqual(await raw('eve'), before);
      // By `or` in raw SQL or otherwise the condition must not be got around.
      const loose = sql<boolean>`1 = 1 or 2 = 1`;
      const wide = db.updateTable('person').set({ notes: 'canary' }).where(loose).where('id', '=', 'ada');
      await assert.rejects(wide.execute(), { code: 'ERR_ROW_ID_MISSING' });
    });

    inAcme('another table by the rows of a declared one, though both have such a column', async () => {
      const update = db.updateTable('orders').from('person').set({ email: 'sent@public.test' });
      await update.whereRef('person.id', '=', 'person_id').where('person.email', '=', 'bob@canary.test').execute();
      const orders = db.selectFrom('orders').select('email').orderBy('id');
      assert.deepEqual(await orders.execute(), [{ email: 'shop@public.test' }, { email: 'sent@public.test' }]);
    });

    inAcme('a conflict on a field, by its index', async () => {
      const insert = db
        .insertInto('person')
        .values({ id: 'dup', tenant_id: 'acme', email: 'ADA@canary.test' })
        .onConflict((oc) => oc.column('email').doNothing());
      await insert.execute();
      assert.equal(await find('dup'), undefined);
    });

    inAcme('null to many rows, and columns in clear, and nothing where a transaction fails', async () => {
      const failing = db.transaction().execute(async (trx) => {
        await trx.updateTable('person').set({ card: null, city: 'Paris' }).execute();
        const bob = await trx.selectFrom('person').select(['city', 'card']).where('id', '=', 'bob').execute();
        assert.deepEqual(bob, [{ city: 'Paris', card: null }]);
        throw new Error('back');
      });
      await assert.rejects(failing, { message: 'back' });
      assert.deepEqual((await find('bob'))?.card, { no: 'canary 42' });
    });
  });
});
