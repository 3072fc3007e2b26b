import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CamelCasePlugin, type Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type KyselyFixture, type KyselyTables, kyselyFixture } from '../../../testing/kysely-fixture.ts';
import { text } from '../../field.ts';
import { openFields } from '../../fields.ts';
import { PHASES } from '../../states.ts';
import { encrypted } from '../../table.ts';
import { encryptedFields } from './kysely.ts';

/** Ways of storing that a declaration or a migration asks for. */
forEachDatabase('storage', (openUrl, engine) => {
  let fixture: KyselyFixture;
  let db: Kysely<KyselyTables>;
  before(async () => {
    fixture = await kyselyFixture(await openUrl());
    db = fixture.db;
  });
  after(() => fixture.plain.destroy());
  const raw = async (table: string, id: string) =>
    (await sql<Record<string, unknown>>`select * from ${sql.table(table)} where id = ${id}`.execute(fixture.plain))
      .rows[0]!;

  test('seals fields of a record together, and opens them alone and with their row', async () => {
    const vault = { id: 'v', login: 'root', password: 'canary' };
    await db
      .insertInto('vault')
      .values([vault, { id: 'empty' }])
      .execute();
    assert.deepEqual(await db.selectFrom('vault').selectAll().orderBy('id', 'desc').execute(), [
      vault,
      { id: 'empty', login: null, password: null },
    ]);
    const some = db.selectFrom('vault').select(['password', 'login as name']).where('login', '=', 'root');
    assert.deepEqual(await some.execute(), [{ password: 'canary', name: 'root' }]);
    const none = db.selectFrom('vault').select('password').where('id', '=', 'empty');
    assert.deepEqual(await none.execute(), [{ password: null }]);
    await db
      .insertInto('vault')
      .values({ id: 'v', login: 'admin', password: 'canary 2' })
      .onConflict((oc) =>
        oc
          .column('id')
          .doUpdateSet((eb) => ({ login: eb.ref('excluded.login'), password: eb.ref('excluded.password') })),
      )
      .execute();
    const admin = db.selectFrom('vault').selectAll().where('login', '=', 'admin');
    assert.deepEqual(await admin.execute(), [{ id: 'v', login: 'admin', password: 'canary 2' }]);
    assert.ok(!/canary|root|admin/.test(JSON.stringify(await raw('vault', 'v'))));
  });

  test('needs no id where values are bound to their column', async () => {
    await db
      .insertInto('tag')
      .values([
        { person_id: 'ada', label: 'canary' },
        { person_id: 'bob', label: 'canary' },
      ])
      .execute();
    const changed = db.updateTable('tag').set({ label: 'parrot' }).where('label', '=', 'canary');
    assert.equal(Number((await changed.executeTakeFirst()).numUpdatedRows), 2);
    const tags = db.selectFrom('tag').innerJoin('person', 'person.id', 'tag.person_id').selectAll('tag').select('city');
    assert.deepEqual(await tags.where('label', 'in', ['parrot', 'canary']).orderBy('person_id').execute(), [
      { person_id: 'ada', label: 'parrot', city: 'London' },
      { person_id: 'bob', label: 'parrot', city: 'Turin' },
    ]);
    assert.deepEqual(await db.selectFrom('tag').select('label').where('person_id', '=', 'bob').execute(), [
      { label: 'parrot' },
    ]);
  });

  describe('follows a migration in its phase', () => {
    const byName = (name: string) => db.selectFrom('patient').select(['id', 'name']).where('name', '=', name);
    for (const [at, phase] of PHASES.entries()) {
      test(phase, async () => {
        fixture.setPhase(phase);
        const id = `p${at}`;
        await db
          .insertInto('patient')
          .values({ id, name: `Ada ${at}` })
          .execute();
        const stored = await raw('patient', id);
        assert.equal(stored.name, at <= 2 ? `Ada ${at}` : null);
        assert.equal(String(stored.name_sealed).startsWith('bw1:'), phase !== 'plain');
        assert.deepEqual(await byName(`Ada ${at}`).execute(), [{ id, name: `Ada ${at}` }]);
        assert.equal(
          (await db.selectFrom('patient').selectAll().where('id', '=', id).executeTakeFirst())?.name,
          `Ada ${at}`,
        );
        await db
          .updateTable('patient')
          .set({ name: `Eve ${at}` })
          .where('id', '=', id)
          .execute();
        assert.deepEqual(await byName(`Eve ${at}`).execute(), [{ id, name: `Eve ${at}` }]);
        assert.deepEqual(
          await db.selectFrom('patient').select('id').where('id', '=', id).where('name', 'is', null).execute(),
          [],
        );
      });
    }

    test('and gives no half-read value where it goes on in the middle of a query', async () => {
      fixture.setPhase('dual-writing');
      const query = byName('Eve 3').compile();
      fixture.setPhase('backfilled');
      assert.deepEqual((await db.executeQuery(query)).rows, []);
      fixture.setPhase('dual-writing');
      await db.insertInto('patient').values({ id: 'late', name: 'Late' }).execute();
      const late = byName('Late').compile();
      fixture.setPhase('encrypted-only');
      await assert.rejects(db.executeQuery(late), { code: 'ERR_MIGRATION_STATE' });
    });

    test('and the rotation of an index', async () => {
      fixture.setPhase('plain-dropped');
      await db.insertInto('patient').values({ id: 'old', name: 'Rosa' }).execute();
      fixture.setPhase('plain-dropped', true);
      await fixture.keys.rotate(fixture.fields.keyIds('acme').index);
      await fixture.fields.ready('acme');
      await db.insertInto('patient').values({ id: 'new', name: 'rosa' }).execute();
      assert.notEqual((await raw('patient', 'new')).name_sealed_index_next, null);
      const found = db.selectFrom('patient').select('id').where('name', 'in', ['ROSA', 'Nobody']).orderBy('id');
      assert.deepEqual(await found.execute(), [{ id: 'new' }, { id: 'old' }]);
    });
  });

  test('gets the keys of rows that it reads by itself', async () => {
    const again = openFields({ keys: fixture.keys, tables: fixture.fields.tables, scope: 'acme' });
    const other = fixture.plain.withPlugin(encryptedFields(again));
    assert.deepEqual(again.health().scopes, []);
    assert.equal((await other.selectFrom('person').select('notes').execute()).length, 3);
    assert.deepEqual(again.health().scopes.toSorted(), ['acme', 'globex']);
  });

  describe('beside other plugins', () => {
    const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));
    inAcme('refuses to hand out a column that another has renamed', async () => {
      const camel = fixture.plain.withPlugin(new CamelCasePlugin()).withPlugin(encryptedFields(fixture.fields));
      const rows = camel.selectFrom('patient').selectAll().where('id', '=', 'old');
      await assert.rejects(rows.execute(), { code: 'ERR_UNSUPPORTED_QUERY' });
    });

    inAcme('refuses a subquery that was rewritten and copied', async () => {
      const schema = db.withSchema(engine === 'sqlite' ? 'main' : 'public');
      const found = schema.selectFrom('person').select('notes').where('email', '=', 'ada@canary.test');
      assert.deepEqual(await found.execute(), [{ notes: 'canary tea' }]);
      const again = () => schema.selectFrom(found.as('p')).selectAll().compile();
      assert.throws(again, { code: 'ERR_UNSUPPORTED_QUERY' });
      const update = schema.updateTable('person').set({ notes: 'canary' }).where('id', '=', 'ada').returning('id');
      const twice = () =>
        schema
          .with('p', () => update)
          .selectFrom('p')
          .selectAll()
          .compile();
      assert.throws(twice, { code: 'ERR_UNSUPPORTED_QUERY' });
      const inside = db.with('p', () =>
        db.updateTable('person').set({ notes: 'canary 3' }).where('id', '=', 'ada').returning('notes'),
      );
      if (engine === 'postgres') {
        assert.deepEqual(await inside.selectFrom('p').selectAll().execute(), [{ notes: 'canary 3' }]);
        const stored = await db.selectFrom('person').select('notes').where('id', '=', 'ada').execute();
        assert.deepEqual(stored, [{ notes: 'canary 3' }]);
      }
    });
  });

  test('wants names of tables that differ by more than their schema', () => {
    const tables = [
      encrypted('a', { x: text() }, { table: 'one.t' }),
      encrypted('b', { x: text() }, { table: 'two.T' }),
    ];
    const fields = openFields({ keys: fixture.keys, tables });
    assert.throws(() => encryptedFields(fields), { code: 'ERR_DECLARATION' });
  });
});
