import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  cast,
  col,
  DataTypes,
  type FindAttributeOptions,
  fn,
  json,
  literal,
  type Model,
  type ModelStatic,
  Op,
  type Order,
  type Sequelize,
  type WhereOptions,
  where,
} from 'sequelize';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type FieldsFixture, fieldsFixture } from '../../../testing/fields-fixture.ts';
import { sequelizeConnection } from '../../../testing/sequelize-connection.ts';
import { email, json as jsonField, number, text } from '../../field.ts';
import { newRowId } from '../../new-row-id.ts';
import type { Phase } from '../../states.ts';
import { encrypted } from '../../table.ts';
import { encryptedAttributes, encryptedIndexes, encryptSequelize } from './sequelize.ts';

const people = encrypted(
  'people',
  {
    email: email({ search: 'unique', column: 'mail' }),
    notes: text(),
    tags: jsonField<string[]>(),
    // The plain column keeps its name, as it usually does.
    name: text({ search: { filterBits: 16 }, column: 'name_sealed', plainColumn: 'name' }),
  },
  { scope: { column: 'tenant' } },
);
const settings = encrypted(
  'settings',
  { value: text({ search: 'filter' }), size: number() },
  { bind: 'column', store: 'bytes' },
);

const badges = encrypted('badges', { code: text() });

interface Person {
  id: string;
  tenant: string;
  city: string | null;
  email: string | null;
  notes: string | null;
  tags: string[] | null;
  name: string | null;
}
interface Visit {
  id: string;
  notes: string;
  person_id: string | null;
}
interface Setting {
  id?: number;
  area: string;
  value: string | null;
  size: number | null;
}

const rowId = { type: DataTypes.STRING(64), primaryKey: true };

function define(sequelize: Sequelize, bytes: 'BYTEA' | 'BLOB') {
  const options = { timestamps: false };
  const persons = sequelize.define<Model<Person>>(
    'Person',
    {
      id: rowId,
      tenant: { type: DataTypes.STRING(64), allowNull: false },
      city: DataTypes.TEXT,
      ...encryptedAttributes(people),
    },
    { ...options, tableName: 'people', indexes: encryptedIndexes(people) },
  );
  const visits = sequelize.define<Model<Visit>>(
    'Visit',
    { id: rowId, notes: DataTypes.TEXT, person_id: DataTypes.STRING(64) },
    { ...options, tableName: 'visits' },
  );
  const areas = sequelize.define<Model<Setting, Setting>>(
    'Setting',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      area: { type: DataTypes.STRING, unique: true },
      ...encryptedAttributes(settings, { bytes }),
    },
    { ...options, tableName: 'settings' },
  );
  const badge = sequelize.define<Model<{ id: number | string; code: string | null }>>(
    'Badge',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, ...encryptedAttributes(badges) },
    { ...options, tableName: 'badges' },
  );
  persons.hasMany(visits, { as: 'visits', foreignKey: 'person_id' });
  visits.belongsTo(persons, { as: 'person', foreignKey: 'person_id' });
  return { persons, visits, areas, badge };
}

forEachDatabase('Sequelize models', (openUrl, engine) => {
  const bytes = engine === 'postgres' ? 'BYTEA' : 'BLOB';
  let fixture: FieldsFixture;
  let sequelize: Sequelize;
  let sent: () => string[];
  let persons: ModelStatic<Model<Person>>;
  let visits: ModelStatic<Model<Visit>>;
  let areas: ModelStatic<Model<Setting, Setting>>;
  const state: { phase: Phase; isRotating: boolean } = { phase: 'plain-dropped', isRotating: false };
  before(async () => {
    fixture = fieldsFixture({
      tables: [people, settings, badges],
      states: {
        phase: (_, field) => (field === 'name' ? state.phase : undefined),
        isIndexRotating: (_, field) => field === 'email' && state.isRotating,
      },
    });
    ({ sequelize, sent } = await sequelizeConnection({ engine, url: await openUrl() }, []));
    encryptSequelize(sequelize, fixture.fields);
    ({ persons, visits, areas } = define(sequelize, bytes));
    await sequelize.sync();
    await sequelize.query('ALTER TABLE people ADD COLUMN name text');
  });
  after(() => sequelize.close());

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));

  function person(change: Partial<Person> = {}): Person {
    const id = newRowId();
    const all = { id, tenant: 'acme', city: 'London', email: `${id}@example.test`, notes: 'canary', name: null };
    return { ...all, tags: ['canary'], ...change };
  }
  async function stored(id: string): Promise<Record<string, string | null>> {
    const [rows] = await sequelize.query(`SELECT * FROM people WHERE id = '${id}'`);
    return rows[0] as Record<string, string | null>;
  }
  const byId = (id: string) => persons.findByPk(id, { rejectOnEmpty: true });
  const ids = (found: readonly Model[]) => found.map((one) => String(one.get('id'))).toSorted();
  async function refuses(work: () => Promise<unknown>, code = 'ERR_UNSUPPORTED_QUERY'): Promise<void> {
    sent();
    await assert.rejects(work, { code });
    assert.deepEqual(sent(), [], 'the database was asked');
  }

  describe('saving', () => {
    inAcme('writes nothing where nothing has changed, and what has changed where something has', async () => {
      const { id } = (await persons.create(person())).get();
      const found = await byId(id);
      assert.equal(found.changed(), false);
      sent();
      await found.save();
      found.set('notes', 'canary');
      await found.save();
      assert.deepEqual(sent(), []);
      await found.update({ tags: ['canary', 'more'] });
      const update = sent().join('\n');
      assert.match(update, /SET .tags.=/);
      assert.doesNotMatch(update, /mail|notes|canary/);
      assert.deepEqual([found.get('tags'), found.changed()], [['canary', 'more'], false]);
      assert.deepEqual((await byId(id)).get('tags'), ['canary', 'more']);
    });

    inAcme('leaves the instance with plain values, also where it fails', async () => {
      const first = await persons.create(person());
      assert.equal(first.get('notes'), 'canary');
      const second = persons.build(person({ email: first.get().email }));
      const saving = second.save();
      assert.equal(second.get('notes'), 'canary', 'while it is being written');
      await assert.rejects(saving, { name: 'SequelizeUniqueConstraintError' });
      assert.deepEqual([second.get('notes'), second.get('email')], ['canary', first.get('email')]);
      await second.set('email', `${second.get().id}@example.test`).save();
      assert.deepEqual(Object.keys(second.get()).toSorted(), Object.keys(person()).toSorted());
      assert.equal((await byId(second.get().id)).get('notes'), 'canary');
    });

    inAcme('never sends a plain value', async () => {
      sent();
      const { id } = (await persons.create(person())).get();
      await persons.update({ notes: 'canary 2' }, { where: { id } });
      await persons.upsert({ ...person(), id });
      await persons.bulkCreate([{ ...person(), id }], { updateOnDuplicate: ['tenant', 'email', 'notes'] });
      await persons.findAll({ where: { email: 'canary@example.test' } });
      await persons.findOrCreate({
        where: { email: `${newRowId()}-canary@x.test` },
        defaults: person({ email: null }),
      });
      const statements = sent().join('\n');
      assert.ok(statements.includes('INSERT') && statements.includes('UPDATE'));
      assert.ok(!statements.includes('canary') && !statements.includes(`${id}@`), statements);
    });

    inAcme('rolls back with its transaction', async () => {
      const given = person();
      const failing = sequelize.transaction(async (transaction) => {
        await persons.create(given, { transaction });
        const found = await persons.findOne({ where: { email: given.email }, transaction, rejectOnEmpty: true });
        assert.equal(found.get('notes'), 'canary');
        throw new RangeError('enough');
      });
      await assert.rejects(failing, RangeError);
      assert.equal(await persons.findByPk(given.id), null);
    });

    inAcme('wants an id that the application made', async () => {
      const { id: _, ...withoutId } = person();
      await assert.rejects(persons.create(withoutId as Person), { code: 'ERR_ROW_ID_MISSING' });
    });

    inAcme('shows plain values to hooks, and takes what they set', async () => {
      const seen: unknown[] = [];
      persons.addHook('beforeCreate', 'test', (one: Model<Person>) => void one.set('notes', 'late'));
      persons.addHook('afterCreate', 'test', (one: Model<Person>) => void seen.push(one.get('notes')));
      persons.addHook('afterFind', 'test', (one: Model<Person>) => void seen.push(one.get('notes')));
      try {
        const { id } = (await persons.create(person())).get();
        await byId(id);
        assert.deepEqual(seen, ['late', 'late']);
      } finally {
        for (const hook of ['beforeCreate', 'afterCreate', 'afterFind'] as const) persons.removeHook(hook, 'test');
      }
    });

    inAcme('saves what belongs to an instance with it', async () => {
      const id = newRowId();
      const visit = { id, notes: 'plain', person: person({ notes: 'of a visit' }) };
      await visits.create(visit as unknown as Visit, { include: ['person'] });
      const found = await visits.findByPk(id, { include: ['person'], rejectOnEmpty: true });
      assert.equal((found.get('person') as unknown as Model<Person>).get('notes'), 'of a visit');
    });

    inAcme('goes through the query interface by table as well', async () => {
      const { email: mail, ...rest } = person({ city: 'Seed' });
      const row = { id: rest.id, tenant: 'acme', city: 'Seed', mail, notes: 'canary' };
      sent();
      await sequelize.getQueryInterface().bulkInsert('people', [row]);
      await sequelize.getQueryInterface().bulkUpdate('people', { notes: 'canary 2' }, { id: rest.id });
      assert.ok(!sent().join().includes('canary'));
      const found = await byId(rest.id);
      assert.deepEqual([found.get('email'), found.get('notes')], [mail, 'canary 2']);
    });
  });

  describe('updating by condition', () => {
    inAcme('seals for the row and the tenant that the condition or the database names', async () => {
      const theirs = person({ tenant: 'globex' });
      await persons.bulkCreate([theirs, person()]);
      await persons.update({ notes: 'by id' }, { where: { id: theirs.id } });
      assert.equal((await byId(theirs.id)).get('notes'), 'by id');
      await (await byId(theirs.id)).update({ tags: ['own'] });
      const partial = await persons.findByPk(theirs.id, { attributes: ['id', 'city'], rejectOnEmpty: true });
      await partial.update({ notes: 'of a part' });
      const both = { [Op.and]: [{ id: { [Op.in]: [theirs.id] } }, { tenant: 'globex' }] };
      await persons.update({ email: 'new@globex.test' }, { where: both });
      const where = { tenant: 'globex', email: 'new@globex.test' };
      const found = await persons.findOne({ where, rejectOnEmpty: true });
      assert.deepEqual([found.get('id'), found.get('notes'), found.get('tags')], [theirs.id, 'of a part', ['own']]);
    });

    inAcme('empties a field in many rows, and refuses to fill it', async () => {
      const many = [person({ city: 'Delft' }), person({ city: 'Delft' })];
      await persons.bulkCreate(many);
      const refused: WhereOptions<Person>[] = [
        { city: 'Delft' },
        { id: many.map((one) => one.id) },
        { id: { [Op.ne]: 'x' } },
        { [Op.or]: { id: 'x', city: 'Delft' } },
        { id: many[0]!.id, [Op.and]: [literal('1 = 1 OR 2 = 2')] } as WhereOptions<Person>,
      ];
      for (const where of refused) await refuses(() => persons.update({ notes: 'x' }, { where }), 'ERR_ROW_ID_MISSING');
      await persons.update({ notes: null, email: null, city: 'Leiden' }, { where: { city: 'Delft' } });
      const found = await persons.findAll({ where: { city: 'Leiden' } });
      const values = found.map((one) => [one.get('notes'), one.get('email'), one.get('tags')]);
      assert.deepEqual(values, [
        [null, null, ['canary']],
        [null, null, ['canary']],
      ]);
    });

    inAcme('writes nothing for a tenant whose row it is no longer', async () => {
      const stale = await persons.create(person());
      const { id, email: mail } = stale.get();
      await persons.update({ ...person(), id, tenant: 'globex', email: mail, notes: 'moved' }, { where: { id } });
      await stale.update({ notes: 'late' });
      assert.equal((await byId(id)).get('notes'), 'moved');
    });

    inAcme('refuses an id that the database would write in another way', async () => {
      const model = (sequelize.models as { readonly Badge: ModelStatic<Model> }).Badge;
      await model.create({ id: 7, code: 'canary' });
      await refuses(() => model.update({ code: 'x' }, { where: { id: '07' } }));
      await refuses(() => model.create({ id: '08', code: 'x' }));
      await model.update({ code: 'exact' }, { where: { id: '7' } });
      assert.equal((await model.findByPk(7, { rejectOnEmpty: true })).get('code'), 'exact');
    });

    inAcme('refuses to move a row without its values', async () => {
      const moved = await persons.create(person());
      const { id } = moved.get();
      const code = 'ERR_UNSUPPORTED_QUERY';
      await assert.rejects(persons.update({ tenant: 'globex' }, { where: { id } }), { code });
      await assert.rejects(persons.update({ tenant: 'globex' }, { where: { city: 'London' } }), { code });
      await assert.rejects(moved.update({ tenant: 'globex' }), { code });
      await persons.update({ ...person(), id, tenant: 'globex', email: 'moved@x.test' }, { where: { id } });
      const found = await persons.findOne({ where: { tenant: 'globex', email: 'moved@x.test' }, rejectOnEmpty: true });
      assert.equal(found.get('notes'), 'canary');
    });

    if (engine === 'postgres') {
      inAcme('gives back plain values', async () => {
        const { id } = (await persons.create(person())).get();
        const where = { id };
        const [, [updated]] = await persons.update({ notes: 'returned' }, { where, returning: true });
        assert.deepEqual([updated!.get('notes'), updated!.get('tags')], ['returned', ['canary']]);
        assert.deepEqual(Object.keys(updated!.get()).toSorted(), Object.keys(person()).toSorted());
        const [, [part]] = await persons.update({ city: 'Rome' }, { where, returning: ['id', 'city'] });
        assert.deepEqual(part!.get(), { id, city: 'Rome' });
      });
    }

    inAcme('deletes by a field, and counts up a column in clear', async () => {
      const { id, email: mail } = (await persons.create(person())).get();
      assert.equal(await persons.destroy({ where: { email: 'nobody@example.test' } }), 0);
      assert.equal(await persons.destroy({ where: { email: mail } }), 1);
      assert.equal(await persons.findByPk(id), null);
    });
  });

  describe('upserting', () => {
    inAcme('works by the id, index and all', async () => {
      const one = person();
      await persons.upsert(one);
      await persons.upsert({ ...one, email: 'upserted@example.test', notes: 'second' });
      const changed = { ...one, email: 'again@example.test', notes: 'third' };
      await persons.bulkCreate([changed], { updateOnDuplicate: ['tenant', 'email', 'notes'] });
      const found = await persons.findAll({ where: { email: 'again@example.test' } });
      assert.deepEqual(
        found.map((row) => row.get('notes')),
        ['third'],
      );
      assert.deepEqual(await persons.findAll({ where: { email: ['upserted@example.test', one.email!] } }), []);
    });

    inAcme('is refused by another column, and without the tenant', async () => {
      await refuses(() => persons.upsert(person(), { conflictFields: ['city' as never] }));
      await refuses(() => persons.upsert(person(), { fields: ['notes'] }));
      await refuses(() => persons.bulkCreate([person()], { updateOnDuplicate: ['notes'] }));
      const byCity = { updateOnDuplicate: ['notes', 'tenant'] as const, conflictAttributes: ['city'] as const };
      await refuses(() =>
        persons.bulkCreate([person()], {
          updateOnDuplicate: [...byCity.updateOnDuplicate],
          conflictAttributes: ['city'],
        }),
      );
    });
  });

  describe('finding', () => {
    const anna = person({ id: 'anna', email: 'anna@example.test', city: 'Oslo' });
    const bert = person({ id: 'bert', email: 'bert@example.test', city: 'Bergen', notes: null });
    const both = { [Op.in]: ['anna', 'bert'] };
    before(() =>
      fixture.asTenant('acme', async () => {
        await persons.bulkCreate([anna, bert]);
        await visits.bulkCreate([
          { id: 'o1', notes: 'of anna', person_id: 'anna' },
          { id: 'o2', notes: 'of anna', person_id: 'anna' },
          { id: 'o3', notes: 'of nobody', person_id: null },
        ]);
      }),
    );

    const conditions: Record<string, [WhereOptions<Person>, string[]]> = {
      'several conditions': [{ email: 'ANNA@example.test', city: 'Oslo' }, ['anna']],
      'conditions that do not hold together': [{ email: 'anna@example.test', city: 'Bergen' }, []],
      'alternatives in a list': [{ [Op.or]: [{ email: 'anna@example.test' }, { city: 'Bergen' }] }, ['anna', 'bert']],
      'alternatives in an object': [{ [Op.or]: { email: 'anna@example.test', city: 'Bergen' } }, ['anna', 'bert']],
      'conditions below others': [
        { [Op.and]: [{ id: both }, { [Op.or]: [{ [Op.and]: { email: 'bert@example.test', city: 'Bergen' } }] }] },
        ['bert'],
      ],
      'alternatives of one field': [
        { email: { [Op.or]: ['anna@example.test', 'bert@example.test'] } },
        ['anna', 'bert'],
      ],
      'several values': [{ email: { [Op.in]: ['anna@example.test', 'x@example.test'] } }, ['anna']],
      'no values': [{ email: [] }, []],
      'not null': [{ notes: { [Op.not]: null }, id: both }, ['anna']],
      'not null in other words': [{ notes: { [Op.ne]: null }, id: both }, ['anna']],
      null: [{ notes: null, id: both }, ['bert']],
      'not a null': [{ [Op.not]: { notes: null }, id: both }, ['anna']],
    };
    for (const [name, [where, expected]] of Object.entries(conditions)) {
      inAcme(`answers ${name}`, async () => assert.deepEqual(ids(await persons.findAll({ where })), expected));
    }

    inAcme('answers conditions on what is included', async () => {
      const included = { model: persons, as: 'person', where: { email: 'anna@example.test' } };
      assert.deepEqual(ids(await visits.findAll({ include: [included] })), ['o1', 'o2']);
      const count = await visits.count({ include: [included] });
      assert.equal(count, 2);
      const byPath = { '$person.email$': 'anna@example.test', '$person.notes$': { [Op.not]: null } };
      assert.deepEqual(ids(await visits.findAll({ include: ['person'], where: byPath })), ['o1', 'o2']);
    });

    inAcme('counts, and finds or makes', async () => {
      const where = { email: 'anna@example.test' };
      assert.equal(await persons.count({ where }), 1);
      const page = await persons.findAndCountAll({ where, limit: 1, include: ['visits'], distinct: true });
      assert.deepEqual([ids(page.rows), page.count], [['anna'], 1]);
      assert.equal((page.rows[0]!.get('visits') as unknown[]).length, 2);
      const [found, isNew] = await persons.findOrCreate({ where, defaults: person() });
      assert.deepEqual([found.get('id'), found.get('notes'), isNew], ['anna', 'canary', false]);
    });

    inAcme('opens what is included, at whatever depth', async () => {
      const found = await visits.findAll({
        where: { id: ['o1', 'o2', 'o3'] },
        include: [{ model: persons, as: 'person', include: [{ model: visits, as: 'visits', include: ['person'] }] }],
        order: ['id'],
      });
      const of = (at: number) => found[at]!.get('person') as unknown as Model<Person> | null;
      assert.deepEqual([of(0)?.get('notes'), of(1)?.get('tags'), of(2)], ['canary', ['canary'], null]);
      const inner = (of(0)!.get('visits') as unknown as Model[])[0]!.get('person') as unknown as Model<Person>;
      assert.equal(inner.get('email'), 'anna@example.test');
      const separate = await persons.findAll({
        where: { id: 'anna' },
        include: [{ model: visits, as: 'visits', separate: true, include: ['person'] }],
      });
      const visit = (separate[0]!.get('visits') as unknown as Model[])[0]!;
      assert.equal((visit.get('person') as unknown as Model<Person>).get('notes'), 'canary');
    });

    inAcme('opens fields without the rest of the row, also under other names', async () => {
      const [found] = await persons.findAll({ attributes: ['notes', ['mail', 'address']], where: { id: 'anna' } });
      assert.deepEqual(found!.get(), { notes: 'canary', address: 'anna@example.test' });
      const joined = await visits.findByPk('o1', {
        include: [{ model: persons, as: 'person', attributes: ['email'] }],
      });
      assert.deepEqual((joined!.get('person') as unknown as Model).get(), { email: 'anna@example.test' });
      const whole = await byId('anna');
      assert.deepEqual(Object.keys(whole.get()).toSorted(), Object.keys(anna).toSorted());
      await whole.reload();
      assert.equal(whole.get('notes'), 'canary');
      await joined!.reload();
      assert.equal((joined!.get('person') as unknown as Model<Person>).get('email'), 'anna@example.test');
    });

    inAcme('opens raw rows, flat and nested', async () => {
      const include = [{ model: persons, as: 'person', attributes: ['notes', 'tags'] }];
      const options = { where: { id: ['o1', 'o3'] }, include, raw: true, order: ['id'] as Order };
      const flat = (await visits.findAll(options)) as unknown as Record<string, unknown>[];
      const visit = { id: 'o1', notes: 'of anna', person_id: 'anna' };
      const opened = { 'person.notes': 'canary', 'person.tags': ['canary'] };
      assert.deepEqual(flat[0], { ...visit, ...opened });
      assert.equal(flat[1]!['person.notes'], null);
      const [nested] = (await visits.findAll({ ...options, nest: true })) as unknown as { person: Person }[];
      assert.deepEqual([nested!.person.notes, nested!.person.tags], ['canary', ['canary']]);
    });

    inAcme('searches the tenant that the condition names, and one at a time', async () => {
      await persons.create(person({ id: 'zoe', tenant: 'globex', email: 'zoe@example.test' }));
      const where = { email: 'zoe@example.test' };
      assert.deepEqual(ids(await persons.findAll({ where: { tenant: 'globex', ...where } })), ['zoe']);
      assert.deepEqual(ids(await persons.findAll({ where: { [Op.and]: [where, { tenant: 'globex' }] } })), ['zoe']);
      assert.deepEqual(ids(await persons.findAll({ where })), []);
      await refuses(() => persons.findAll({ where: { tenant: ['acme', 'globex'], ...where } }));
      await visits.create({ id: 'of zoe', notes: 'x', person_id: 'zoe' });
      const byPath = { '$person.tenant$': 'globex', '$person.email$': 'zoe@example.test' };
      assert.deepEqual(ids(await visits.findAll({ include: ['person'], where: byPath })), ['of zoe']);
    });
  });

  describe('refuses', () => {
    const find = (where: unknown) => persons.findAll({ where: where as WhereOptions<Person> });
    const queries: Record<string, () => Promise<unknown>> = {
      'a shortened index': () => find({ name: 'Ada' }),
      'no search': () => find({ notes: 'x' }),
      'a beginning': () => find({ email: { [Op.startsWith]: 'a' } }),
      'a range': () => find({ notes: { [Op.between]: ['a', 'b'] } }),
      'a negation': () => find({ [Op.not]: { email: 'a@example.test' } }),
      'a negated list': () => find({ email: { [Op.notIn]: ['a@example.test'] } }),
      'other alternatives': () => find({ email: { [Op.or]: [{ [Op.like]: 'a' }] } }),
      'several operators': () => find({ email: { [Op.eq]: 'a', [Op.ne]: 'b' } }),
      'null among values': () => find({ email: ['a@example.test', null] }),
      'members of JSON': () => find({ tags: { first: 'x' } }),
      'a path into JSON': () => find({ 'tags.first': 'x' }),
      'a column of another table by its path': () => find({ 'people.notes': 'x' }),
      'a column as a value': () => find({ email: { [Op.eq]: col('notes') } }),
      'a column as the value of another': () => find({ city: { [Op.col]: 'Person.notes' } }),
      'a column of the encryption': () => find({ hidden_mail_index: 'x' }),
      'a column of the encryption by its name': () => find({ mail_index: 'x' }),
      'a function in a condition': () => find(where(fn('lower', col('Person.notes')), 'x')),
      'a cast in a condition': () => find(where(cast(col('notes'), 'text'), 'x')),
      'an attribute in a condition': () => find(where(persons.getAttributes().notes as never, 'x')),
      'JSON in a condition': () => find(where(json('tags.first') as never, 'x')),
      'SQL text': () => find(literal('notes IS NOT NULL')),
      'SQL text, quoted': () => find({ [Op.and]: [literal('"Person"."mail" = 1')] }),
      'SQL text as a value': () => find({ city: literal('(mail)') }),
      'a condition on what is included': () =>
        visits.findAll({ include: [{ model: persons, as: 'person', where: { notes: 'x' } }] }),
      'a condition by path': () => visits.findAll({ include: ['person'], where: { '$person.notes$': 'x' } }),
      ...Object.fromEntries(
        [
          '$person->visits->person.mail$',
          '$PERSON.mail$',
          '$"person"."mail"$',
          '$Visit.person.email$',
          '$mail$',
          'person.mail',
        ].map((path) => {
          const find = () => {
            const inner = { model: visits, as: 'visits', include: ['person'] };
            const include = [{ model: persons, as: 'person', include: [inner] }];
            return visits.findAll({ include, where: { [path]: 'x' } });
          };
          return [`a condition by the path ${path}`, find];
        }),
      ),
      'a condition by a path to itself': () => find({ '$people.mail$': 'x' }),
      'a column that is selected as SQL': () => persons.findAll({ attributes: [['"notes"', 'city']] }),
      'a column in other letters': () =>
        sequelize.getQueryInterface().bulkInsert('people', [{ id: 'x', tenant: 'acme', NOTES: 'canary' }]),
      'an update of a column in other letters': () =>
        sequelize.getQueryInterface().bulkUpdate('people', { Mail: 'canary' }, { id: 'x' }),
      'a join by a field': () =>
        visits.findAll({ include: [{ model: persons, as: 'person', on: { notes: col('Visit.notes') } }] }),
      'order by a field': () => persons.findAll({ order: ['email'] }),
      'order by a column': () => persons.findAll({ order: [['mail', 'DESC']] }),
      'order by what is included': () =>
        visits.findAll({ include: ['person'], order: [[{ model: persons, as: 'person' }, 'notes', 'ASC']] }),
      'order by a name of an association': () =>
        visits.findAll({ include: ['person'], order: [['person', 'notes', 'ASC']] }),
      'order by SQL': () => persons.findAll({ order: literal('notes DESC') }),
      'order by a function': () => persons.findAll({ order: [fn('lower', col('notes'))] }),
      'groups by a field': () => persons.count({ group: ['notes'] }),
      'a condition on groups': () => persons.findAll({ attributes: ['city'], group: 'city', having: { notes: 'x' } }),
      'a function that is selected': () => persons.findAll({ attributes: [[fn('max', col('notes')), 'last']] }),
      'SQL that is selected': () => persons.findAll({ attributes: [[literal('substr(mail, 1, 20)'), 'city']] }),
      'a sum': () => persons.sum('notes' as never),
      'distinct values': () => persons.count({ col: 'notes', distinct: true }),
      'to compute': () => persons.increment('notes', { where: { id: 'x' } }),
      'SQL as the value of a field': () => persons.update({ notes: literal('city') as never }, { where: { id: 'x' } }),
      'a field as the value of a column': () => persons.update({ city: col('notes') as never }, { where: { id: 'x' } }),
      'values of the encryption': () => persons.create({ ...person(), hidden_mail_index: 'x' } as Person),
      'to delete by SQL text': () => persons.destroy({ where: literal("notes = 'x'") as never }),
    };
    for (const [name, run] of Object.entries(queries)) inAcme(name, () => refuses(async () => run()));

    inAcme('values that are none: no operator comes out of JSON', async () => {
      await refuses(() => find({ email: JSON.parse('{"$ne":null}') as string }));
      await refuses(() => find(JSON.parse('{"email":{"__proto__":{"x":1}}}')));
      await refuses(() => find({ email: [['a', 'b']] }), 'ERR_VALUE_TYPE');
      await refuses(() => find({ email: new Date() }), 'ERR_VALUE_TYPE');
    });

    inAcme('nothing that the database can compute from columns in clear', async () => {
      await persons.create(person({ city: 'Graz' }));
      const attributes: FindAttributeOptions = ['city', [fn('COUNT', col('id')), 'count']];
      const rows: unknown[] = await persons.findAll({ attributes, where: { city: 'Graz' }, group: 'city', raw: true });
      assert.deepEqual(
        rows.map((row) => Number((row as { count: unknown }).count)),
        [1],
      );
      assert.equal(await persons.max('city' as never, { where: { city: 'Graz' } }), 'Graz');
    });

    inAcme('nothing of other models, though their columns have the same names', async () => {
      const found = await visits.findAll({
        where: { notes: 'of nobody', [Op.and]: [where(fn('lower', col('Visit.notes')), 'of nobody')] },
        include: ['person'],
        order: ['notes', [col('Visit.notes'), 'ASC']],
      });
      assert.equal(found.length, 1);
    });
  });

  describe('columns that change', () => {
    inAcme('follow a migration from plain text to sealed', async () => {
      const id = newRowId();
      const phases: [Phase, boolean, boolean][] = [
        ['plain', true, false],
        ['dual-writing', true, true],
        ['backfilled', true, true],
        ['encrypted-only', false, true],
        ['plain-dropped', false, true],
      ];
      for (const [phase, isPlain, isSealed] of phases) {
        state.phase = phase;
        await persons.upsert(person({ id, email: null }));
        await persons.update({ name: phase }, { where: { id } });
        const row = await stored(id);
        assert.deepEqual(
          [row.name === phase, row.name_sealed?.startsWith('bw1:') ?? false],
          [isPlain, isSealed],
          phase,
        );
        const found = await byId(id);
        assert.deepEqual([found.get('name'), Object.keys(found.get()).length], [phase, 7]);
        assert.equal(await persons.count({ where: { id, name: { [Op.not]: null } } }), 1, phase);
        if (phase === 'plain') assert.equal(await persons.count({ where: { name: 'plain' } }), 1);
        const [made] = await persons.bulkCreate([person({ city: phase, name: 'in bulk' })]);
        assert.equal(made!.get('name'), 'in bulk');
        const bulk = await persons.findOne({ where: { city: phase }, attributes: ['name'], rejectOnEmpty: true });
        assert.deepEqual(bulk.get(), { name: 'in bulk' });
      }
      state.phase = 'backfilled';
      await sequelize.query(`UPDATE people SET name_sealed = NULL, name = 'late' WHERE id = '${id}'`);
      assert.equal((await byId(id)).get('name'), 'late');
      assert.equal(await persons.count({ where: { id, name: null } }), 0);
      state.phase = 'plain-dropped';
    });

    inAcme('follow the rotation of an index', async () => {
      const old = person();
      await persons.create(old);
      await fixture.keys.rotate(fixture.fields.keyIds('acme').index);
      state.isRotating = true;
      const recent = person();
      await persons.create(recent);
      assert.ok((await stored(recent.id)).mail_index_next);
      await persons.update({ email: 'rotated@example.test' }, { where: { id: old.id } });
      for (const wanted of ['rotated@example.test', recent.email]) {
        assert.equal(await persons.count({ where: { email: wanted } }), 1);
      }
      state.isRotating = false;
    });
  });

  describe('a table bound to its columns, in bytes', () => {
    inAcme('needs no id before it is stored, updates many rows, and upserts by other columns', async () => {
      await areas.create({ area: 'one', value: 'canary', size: 1 });
      await areas.bulkCreate([{ area: 'two', value: 'other', size: null }]);
      await areas.update({ size: 7.5 }, { where: { area: ['one', 'two'] } });
      const changed = { area: 'two', value: 'canary', size: 7.5 };
      await areas.bulkCreate([changed], { updateOnDuplicate: ['value', 'size'], conflictAttributes: ['area'] });
      const found = await areas.findAll({ where: { value: 'canary' }, order: ['area'] });
      assert.deepEqual(
        found.map((one) => [one.get('area'), one.get('size')]),
        [
          ['one', 7.5],
          ['two', 7.5],
        ],
      );
    });
  });

  describe('a declaration', () => {
    async function another(isEncrypting: boolean) {
      const { sequelize: other, sent: toOther } = await sequelizeConnection({ engine, url: await openUrl() }, []);
      if (isEncrypting) encryptSequelize(other, fixture.fields);
      return { other, toOther };
    }

    inAcme('that a model leaves out, or puts into another table, is refused', async () => {
      const { other, toOther } = await another(true);
      const attributes = { id: rowId, notes: DataTypes.TEXT };
      const plain = other.define<Model>('Plain', attributes, { tableName: 'people', timestamps: false });
      const misplaced = { id: rowId, ...encryptedAttributes(settings) };
      const moved = other.define<Model>('Misplaced', misplaced, { tableName: 'visits', timestamps: false });
      for (const model of [plain, moved]) {
        await assert.rejects(model.findAll(), { code: 'ERR_DECLARATION' });
        await assert.rejects(model.create({ id: '1', notes: 'canary' }), { code: 'ERR_DECLARATION' });
      }
      assert.deepEqual(toOther(), []);
      await other.close();
    });

    inAcme('without a model is refused for its table', async () => {
      const { other, toOther } = await another(true);
      for (const table of ['people', 'main.people', { tableName: 'people', schema: 'main' }]) {
        const insert = () => other.getQueryInterface().bulkInsert(table as string, [{ id: '1', notes: 'canary' }]);
        await assert.rejects(insert, { code: 'ERR_UNSUPPORTED_QUERY' });
      }
      assert.deepEqual(toOther(), []);
      await other.close();
    });

    inAcme('does nothing on a Sequelize that does not encrypt, but lets nothing out', async () => {
      const { other, toOther } = await another(false);
      const models = define(other, bytes);
      await other.sync();
      toOther();
      const code = 'ERR_DECLARATION';
      await assert.rejects(models.persons.create(person()), { code });
      await assert.rejects(models.persons.bulkCreate([person()]), { code });
      await assert.rejects(models.persons.update({ notes: 'canary' }, { where: { id: 'x' } }), { code });
      await assert.rejects(models.persons.findAll({ where: { email: 'canary@example.test' } }), { code });
      await models.visits.create({ id: '1', notes: 'plain', person_id: null });
      assert.ok(!toOther().join().includes('canary'));
      await other.close();
    });

    test('of a record is refused, and so is encrypting twice', () => {
      const record = encrypted('r', { a: text() }, { record: { column: 'sealed', fields: ['a'] } });
      assert.throws(() => encryptedAttributes(record), { code: 'ERR_DECLARATION' });
      assert.throws(() => encryptSequelize(sequelize, fixture.fields), { code: 'ERR_DECLARATION' });
    });
  });
});
