import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  Brackets,
  type DataSource,
  type DeepPartial,
  EntitySchema,
  Equal,
  In,
  IsNull,
  Not,
  Or,
  Raw,
  type Repository,
  type SelectQueryBuilder,
} from 'typeorm';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type FieldsFixture, fieldsFixture } from '../../../testing/fields-fixture.ts';
import { typeormDataSource } from '../../../testing/typeorm-data-source.ts';
import { email, json, number, text } from '../../field.ts';
import { newRowId } from '../../new-row-id.ts';
import type { Phase } from '../../states.ts';
import { encrypted } from '../../table.ts';
import { encryptDataSource, encryptedColumns } from './typeorm.ts';

const people = encrypted(
  'people',
  {
    email: email({ search: 'unique', column: 'mail' }),
    notes: text(),
    tags: json<string[]>(),
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
  orders?: Order[];
}
interface Order {
  id: string;
  notes: string;
  person: Person | { id: string } | null;
}
interface Badge {
  id: number;
  code: string | null;
}
interface Setting {
  id?: number;
  area: string;
  value: string | null;
  size: number | null;
}

const id = { type: 'varchar', primary: true } as const;
const People = new EntitySchema<Person>({
  name: 'Person',
  tableName: 'people',
  columns: { id, tenant: { type: 'varchar' }, city: { type: 'text', nullable: true }, ...encryptedColumns(people) },
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'person', cascade: true } },
});
const Orders = new EntitySchema<Order>({
  name: 'Order',
  tableName: 'orders',
  columns: { id, notes: { type: 'text' } },
  relations: {
    person: { type: 'many-to-one', target: 'Person', joinColumn: { name: 'person_id' }, inverseSide: 'orders' },
  },
});
const Badges = new EntitySchema<Badge>({
  name: 'Badge',
  tableName: 'badges',
  columns: { id: { type: 'integer', primary: true }, ...encryptedColumns(badges) },
});
const settingsEntity = (bytes: 'bytea' | 'blob') =>
  new EntitySchema<Setting>({
    name: 'Setting',
    tableName: 'settings',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      area: { type: 'text' },
      ...encryptedColumns(settings, { bytes }),
    },
  });

const createTables = (serial: string, bytes: 'bytea' | 'blob') => [
  `CREATE TABLE people (id varchar(64) PRIMARY KEY, tenant varchar(64) NOT NULL, city text, mail text,
     mail_index varchar(64) UNIQUE, mail_index_next varchar(64), notes text, tags text, name text, name_sealed text,
     name_sealed_index varchar(64))`,
  'CREATE TABLE orders (id varchar(64) PRIMARY KEY, notes text NOT NULL, person_id varchar(64) REFERENCES people (id))',
  'CREATE TABLE badges (id integer PRIMARY KEY, code text)',
  `CREATE TABLE settings (id ${serial} PRIMARY KEY, area text NOT NULL UNIQUE,
     value ${bytes}, value_index ${bytes}, size ${bytes})`,
];

forEachDatabase('TypeORM entities', (openUrl, engine) => {
  let fixture: FieldsFixture;
  let dataSource: DataSource;
  let sent: () => string[];
  let persons: Repository<Person>;
  let orders: Repository<Order>;
  const bytes = engine === 'postgres' ? 'bytea' : 'blob';
  const Settings = settingsEntity(bytes);
  const state: { phase: Phase; isRotating: boolean } = { phase: 'plain-dropped', isRotating: false };
  before(async () => {
    fixture = fieldsFixture({
      tables: [people, settings, badges],
      states: {
        phase: (_, field) => (field === 'name' ? state.phase : undefined),
        isIndexRotating: (_, field) => field === 'email' && state.isRotating,
      },
    });
    const tables = createTables(engine === 'postgres' ? 'serial' : 'integer', bytes);
    const all = [People, Orders, Settings, Badges];
    ({ dataSource, sent } = await typeormDataSource({ engine, url: await openUrl() }, fixture.fields, all, tables));
    persons = dataSource.getRepository(People);
    orders = dataSource.getRepository(Orders);
  });
  after(() => dataSource.destroy());

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));

  function person(change: Partial<Person> = {}): Person {
    const rowId = newRowId();
    const all = {
      id: rowId,
      tenant: 'acme',
      city: 'London',
      email: `${rowId}@example.test`,
      notes: 'canary',
      name: null,
    };
    return { ...all, tags: ['canary'], ...change };
  }
  async function stored(rowId: string): Promise<Record<string, string | null>> {
    const [row] = await dataSource.query<Record<string, string | null>[]>(`SELECT * FROM people WHERE id = '${rowId}'`);
    return row!;
  }
  const refuses = (work: () => Promise<unknown>, code = 'ERR_UNSUPPORTED_QUERY') => {
    sent();
    return assert.rejects(work, { code }).then(() => {
      assert.deepEqual(
        sent().filter((statement) => /people|settings/.test(statement)),
        [],
        'the database was asked',
      );
    });
  };

  describe('saving', () => {
    inAcme('writes nothing where nothing has changed, and what has changed where something has', async () => {
      const { id: rowId } = await persons.save(person({ name: null }));
      const found = await persons.findOneByOrFail({ id: rowId });
      sent();
      await persons.save(found);
      assert.ok(!sent().some((statement) => statement.startsWith('UPDATE')));
      found.tags?.push('more');
      await persons.save(found);
      const [update] = sent().filter((statement) => statement.startsWith('UPDATE'));
      assert.match(update!, /"tags" = /);
      assert.doesNotMatch(update!, /"mail" = |"notes" = |canary/);
      assert.deepEqual((await persons.findOneByOrFail({ id: rowId })).tags, ['canary', 'more']);
    });

    inAcme('leaves the entity with plain values, also where it fails', async () => {
      const first = await persons.save(person());
      assert.equal(first.notes, 'canary');
      const second = person({ email: first.email });
      const saving = persons.save(second);
      assert.equal(second.notes, 'canary', 'while it is being written');
      await assert.rejects(saving);
      assert.deepEqual(
        [second.notes, second.email, Object.keys(second)],
        ['canary', first.email, Object.keys(person())],
      );
      await persons.save(Object.assign(second, { email: `${second.id}@example.test` }));
      assert.equal((await persons.findOneByOrFail({ id: second.id })).notes, 'canary');
    });

    inAcme('never sends a plain value', async () => {
      sent();
      const saved = await persons.save(person({ orders: [{ id: newRowId(), notes: 'plain', person: null }] }));
      await persons.update(saved.id, { notes: 'canary 2' });
      await persons.upsert({ ...person(), id: saved.id }, ['id']);
      await persons.findBy({ email: saved.email! });
      await persons.remove(saved.orders!.length > 0 ? await persons.save(person()) : saved);
      const statements = sent().join('\n');
      assert.ok(statements.length > 0);
      assert.ok(!statements.includes('canary') && !statements.includes(`${saved.id}@`), statements);
    });

    inAcme('rolls back with its transaction', async () => {
      const given = person();
      const failing = dataSource.transaction(async (manager) => {
        await manager.save(People, given);
        assert.equal((await manager.findOneByOrFail(People, { email: given.email! })).notes, 'canary');
        throw new RangeError('enough');
      });
      await assert.rejects(failing, RangeError);
      assert.equal(await persons.findOneBy({ id: given.id }), null);
    });

    inAcme('wants an id that the application made', async () => {
      const { id: _, ...withoutId } = person();
      await assert.rejects(persons.insert(withoutId as Person), { code: 'ERR_ROW_ID_MISSING' });
    });

    inAcme('shows plain values to subscribers, and takes what they set', async () => {
      const seen: unknown[] = [];
      const subscriber = {
        listenTo: () => People.options.name,
        beforeInsert: ({ entity }: { entity: Person }) =>
          void Object.assign(entity, { id: 'made-by-subscriber', notes: 'late' }),
        afterInsert: ({ entity }: { entity: Person }) => void seen.push(entity.notes),
        afterLoad: (entity: Person) => void seen.push(entity.notes),
      };
      dataSource.subscribers.push(subscriber);
      try {
        await persons.insert(person());
        await persons.findOneByOrFail({ id: 'made-by-subscriber' });
        assert.deepEqual(seen, ['late', 'late']);
      } finally {
        dataSource.subscribers.pop();
      }
    });
  });

  describe('updating by condition', () => {
    inAcme('seals for the row and the tenant that the condition or the database names', async () => {
      const theirs = person({ tenant: 'globex' });
      await persons.insert([theirs, person()]);
      await persons.update(theirs.id, { notes: 'by id' });
      assert.equal((await persons.findOneByOrFail({ id: theirs.id })).notes, 'by id');
      await persons.update({ id: theirs.id, tenant: 'globex' }, { email: 'new@globex.test' });
      await persons
        .createQueryBuilder()
        .update()
        .set({ tags: ['qb'] })
        .where({ id: Equal(theirs.id) })
        .execute();
      const found = await persons.findOneByOrFail({ tenant: 'globex', email: 'new@globex.test' });
      assert.deepEqual([found.id, found.notes, found.tags], [theirs.id, 'by id', ['qb']]);
    });

    inAcme('empties a field in many rows, and refuses to fill it', async () => {
      const many = [person({ city: 'Delft' }), person({ city: 'Delft' })];
      await persons.insert(many);
      await refuses(() => persons.update({ city: 'Delft' }, { notes: 'x' }), 'ERR_ROW_ID_MISSING');
      await refuses(
        () =>
          persons.update(
            many.map((one) => one.id),
            { notes: 'x' },
          ),
        'ERR_ROW_ID_MISSING',
      );
      await persons.update({ city: 'Delft' }, { notes: null, email: null, city: 'Leiden' });
      const found = await persons.findBy({ city: 'Leiden' });
      assert.deepEqual(
        found.map((one) => [one.notes, one.email, one.tags]),
        [
          [null, null, ['canary']],
          [null, null, ['canary']],
        ],
      );
    });

    inAcme('refuses where SQL text or OR leaves open which row it is', async () => {
      const set = () => persons.createQueryBuilder().update().set({ notes: 'x' });
      const one = { id: 'some' };
      await refuses(() => set().where(one).orWhere({ city: 'x' }).execute(), 'ERR_ROW_ID_MISSING');
      await refuses(() => set().where(one).andWhere('1 = 1 OR 2 = 2').execute(), 'ERR_ROW_ID_MISSING');
      await refuses(
        () =>
          set()
            .where({ id: Not('some') })
            .execute(),
        'ERR_ROW_ID_MISSING',
      );
      await refuses(
        () =>
          set()
            .where({ id: Raw("'a' OR 1 = 1") })
            .execute(),
        'ERR_ROW_ID_MISSING',
      );
      await refuses(
        () =>
          set()
            .where([one, { id: 'other' }])
            .execute(),
        'ERR_ROW_ID_MISSING',
      );
      await refuses(() => set().execute(), 'ERR_ROW_ID_MISSING');
    });

    inAcme('refuses an id that the database would write in another way', async () => {
      const repository = dataSource.getRepository(Badges);
      const written = (rowId: string) => rowId as unknown as number;
      await repository.insert({ id: 7, code: 'canary' });
      const code = 'ERR_UNSUPPORTED_QUERY';
      await assert.rejects(repository.update(written('07'), { code: 'x' }), { code });
      await assert.rejects(repository.insert({ id: written('08'), code: 'x' }), { code });
      await repository.update(written('7'), { code: 'exact' });
      assert.equal((await repository.findOneByOrFail({ id: 7 })).code, 'exact');
    });

    inAcme('seals for the tenant of the moment when it is sent again', async () => {
      const [ours, theirs] = [person(), person({ tenant: 'globex' })];
      await persons.insert([ours, theirs]);
      const update = persons.createQueryBuilder().update().set({ notes: 'sent' });
      await update.where({ id: theirs.id }).execute();
      await update.where({ id: ours.id, tenant: 'acme' }).execute();
      for (const one of [ours, theirs]) assert.equal((await persons.findOneByOrFail({ id: one.id })).notes, 'sent');
    });

    inAcme('refuses to move a row without its values', async () => {
      const moved = person();
      await persons.insert(moved);
      await assert.rejects(persons.update(moved.id, { tenant: 'globex' }), { code: 'ERR_UNSUPPORTED_QUERY' });
      await assert.rejects(persons.save({ ...moved, tenant: 'globex' }), { code: 'ERR_UNSUPPORTED_QUERY' });
      await assert.rejects(persons.update({ city: 'London' }, { tenant: 'globex' }), { code: 'ERR_UNSUPPORTED_QUERY' });
      await persons.update(moved.id, { ...moved, tenant: 'globex' } as DeepPartial<object>);
      assert.equal((await persons.findOneByOrFail({ tenant: 'globex', email: moved.email! })).notes, 'canary');
    });

    inAcme('deletes by a field', async () => {
      const gone = person();
      await persons.insert(gone);
      assert.equal((await persons.delete({ email: 'nobody@example.test' })).affected ?? 0, 0);
      await persons.delete({ email: gone.email! });
      assert.equal(await persons.findOneBy({ id: gone.id }), null);
    });
  });

  describe('upserting', () => {
    inAcme('works by the id, index and all', async () => {
      const one = person();
      await persons.upsert(one, ['id']);
      await persons.upsert({ ...one, email: 'upserted@example.test', notes: 'second' }, ['id']);
      assert.equal((await persons.findOneByOrFail({ email: 'upserted@example.test' })).notes, 'second');
      assert.deepEqual(await persons.findBy({ email: one.email! }), []);
    });

    inAcme('is refused by another column, and without the tenant', async () => {
      await refuses(() => persons.upsert(person(), ['city']));
      await refuses(() => persons.upsert(person(), ['email']));
      const insert = () => persons.createQueryBuilder().insert().values(person());
      await refuses(() => insert().orUpdate(['notes'], ['id']).execute());
      await refuses(() => insert().orUpdate(['notes', 'tenant'], 'people_pkey').execute());
    });
  });

  describe('finding', () => {
    const anna = person({ id: 'anna', email: 'anna@example.test', city: 'Oslo' });
    const bert = person({ id: 'bert', email: 'bert@example.test', city: 'Bergen', notes: null });
    before(() =>
      fixture.asTenant('acme', async () => {
        await persons.save([anna, bert]);
        await orders.insert([
          { id: 'o1', notes: 'of anna', person: { id: 'anna' } },
          { id: 'o2', notes: 'of anna', person: { id: 'anna' } },
          { id: 'o3', notes: 'of nobody', person: null },
        ]);
      }),
    );
    const ids = (found: readonly { id: string }[]) => found.map((one) => one.id).toSorted();

    const conditions: Record<string, [() => Promise<{ id: string }[]>, string[]]> = {
      'several conditions': [() => persons.findBy({ email: 'ANNA@example.test', city: 'Oslo' }), ['anna']],
      'conditions that do not hold together': [
        () => persons.findBy({ email: 'anna@example.test', city: 'Bergen' }),
        [],
      ],
      alternatives: [
        () => persons.findBy([{ email: 'anna@example.test' }, { email: 'bert@example.test' }]),
        ['anna', 'bert'],
      ],
      'alternatives of one field': [
        () => persons.findBy({ email: Or(Equal('anna@example.test'), In(['bert@example.test'])) }),
        ['anna', 'bert'],
      ],
      'no values': [() => persons.findBy({ email: In([]) }), []],
      'not null': [() => persons.findBy({ notes: Not(IsNull()), id: In(['anna', 'bert']) }), ['anna']],
      null: [() => persons.findBy({ notes: IsNull(), id: In(['anna', 'bert']) }), ['bert']],
      'a relation': [() => orders.findBy({ person: { email: 'anna@example.test' } }), ['o1', 'o2']],
      'null in a relation': [
        () => orders.findBy({ person: { notes: Not(IsNull()), email: Not(IsNull()) } }),
        ['o1', 'o2'],
      ],
      'a query of its own': [
        () =>
          persons
            .createQueryBuilder('p')
            .where({ email: 'anna@example.test' })
            .andWhere('p.city = :city', { city: 'Oslo' })
            .getMany(),
        ['anna'],
      ],
      brackets: [
        () =>
          persons
            .createQueryBuilder('p')
            .where(
              new Brackets((qb) =>
                qb.where({ email: 'bert@example.test' }).orWhere('p.city = :name', { name: 'Oslo' }),
              ),
            )
            .andWhere('p.id IN (:...ids)', { ids: ['anna', 'bert'] })
            .getMany(),
        ['anna', 'bert'],
      ],
      'a subquery': [
        () =>
          orders
            .createQueryBuilder('o')
            .where((qb) => {
              const inner = qb.subQuery().select('p.id').from(People, 'p').where({ email: 'anna@example.test' });
              return `o.person_id IN ${inner.getQuery()}`;
            })
            .getMany(),
        ['o1', 'o2'],
      ],
    };
    for (const [name, [find, expected]] of Object.entries(conditions)) {
      inAcme(`answers ${name}`, async () => {
        await fixture.fields.ready('acme');
        assert.deepEqual(ids(await find()), expected);
      });
    }

    inAcme('counts, and asks whether there is any', async () => {
      const where = { email: 'anna@example.test' };
      assert.equal(await persons.countBy(where), 1);
      assert.equal(await persons.existsBy(where), true);
      assert.equal(await persons.exists({ where: { email: 'x@example.test' } }), false);
      const [found, count] = await persons.findAndCount({ where, take: 1, relations: { orders: true } });
      assert.deepEqual([ids(found), count, found[0]!.orders?.length], [['anna'], 1, 2]);
    });

    inAcme('opens what relations bring, and one row with relations', async () => {
      for (const relationLoadStrategy of ['join', 'query'] as const) {
        const found = await orders.find({
          where: { id: In(['o1', 'o2', 'o3']) },
          relations: { person: true },
          order: { id: 'ASC' },
          relationLoadStrategy,
        });
        const of = (at: number) => (found[at]?.person as Person | null)?.notes;
        assert.deepEqual([of(0), of(1), found[2]!.person], ['canary', 'canary', null], relationLoadStrategy);
      }
      const one = await persons.findOne({
        where: { email: 'anna@example.test' },
        relations: { orders: { person: true } },
      });
      assert.equal((one!.orders![0]!.person as Person).email, 'anna@example.test');
    });

    inAcme('opens fields without the rest of the row, and shows nothing of the encryption', async () => {
      const [found] = await persons.find({ select: { notes: true }, where: { id: 'anna' } });
      assert.deepEqual({ ...found }, { notes: 'canary' });
      const whole = await persons.findOneByOrFail({ id: 'anna' });
      assert.deepEqual(Object.keys(whole).toSorted(), Object.keys(anna).toSorted());
      const joined = await orders.find({
        select: { id: true, person: { email: true } },
        relations: { person: true },
        where: { id: 'o1' },
      });
      assert.equal((joined[0]!.person as Person).email, 'anna@example.test');
    });

    inAcme('searches the tenant that the condition names, and one at a time', async () => {
      await persons.insert(person({ id: 'zoe', tenant: 'globex', email: 'zoe@example.test' }));
      assert.deepEqual(ids(await persons.findBy({ tenant: 'globex', email: 'zoe@example.test' })), ['zoe']);
      assert.deepEqual(ids(await persons.findBy({ email: 'zoe@example.test' })), []);
      await refuses(() => persons.findBy({ tenant: In(['acme', 'globex']), email: 'zoe@example.test' }));
    });

    inAcme('searches the tenant that conditions in a list name', async () => {
      const zac = person({ id: 'zac', tenant: 'globex', email: 'zac@example.test' });
      await persons.insert(zac);
      const theirs = { tenant: 'globex', email: 'zac@example.test' };
      const query = () => persons.createQueryBuilder('p');
      assert.deepEqual(ids(await query().where([theirs]).getMany()), ['zac']);
      await refuses(async () =>
        query()
          .where([theirs, { tenant: 'acme', email: 'anna@example.test' }])
          .getMany(),
      );
      assert.equal((await persons.findBy([theirs, { tenant: 'acme', email: 'anna@example.test' }])).length, 2);
      await persons.delete([theirs]);
      assert.equal(await persons.findOneBy({ id: 'zac' }), null);
    });

    inAcme('asks for the tenant and the columns of the moment when a query is sent again', async () => {
      await persons.insert(person({ id: 'zed', tenant: 'globex', email: 'zed@example.test' }));
      const query = persons.createQueryBuilder('p').where({ email: 'zed@example.test' });
      assert.deepEqual(await query.getMany(), []);
      assert.deepEqual(ids(await fixture.asTenant('globex', () => query.getMany())), ['zed']);
    });

    inAcme('tells in no error what was looked for', async () => {
      const where = { email: 'canary@example.test' };
      const searches = [
        () => persons.findOneByOrFail(where),
        () => persons.findOneOrFail({ where: { email: In(['canary@example.test']) } }),
        () => orders.findOneByOrFail({ person: where }),
        () => persons.createQueryBuilder('p').where(where).getOneOrFail(),
        () => dataSource.transaction((manager) => manager.findOneByOrFail(People, where)),
      ];
      for (const search of searches) {
        await assert.rejects(search, (error: Error) => {
          assert.equal(error.name, 'EntityNotFoundError');
          return !inspect(error, { depth: 9 }).includes('canary');
        });
      }
    });

    inAcme('gives raw results as they are stored', async () => {
      const query = () => persons.createQueryBuilder('p').where({ id: 'anna' });
      const { entities, raw } = await query().getRawAndEntities<{ p_notes: string }>();
      assert.equal(entities[0]!.notes, 'canary');
      assert.match(raw[0]!.p_notes, /^bw1:/);
      const renamed = await query().select('p.notes', 'city').getRawOne<{ city: string }>();
      assert.match(renamed!.city, /^bw1:/);
    });
  });

  describe('refuses', () => {
    const query = () => persons.createQueryBuilder('p');
    const queries: Record<string, () => Promise<unknown>> = {
      'a shortened index': () => persons.findBy({ name: 'Ada' }),
      'other alternatives': () => persons.findBy({ email: Or(Equal('a@example.test'), Not('b@example.test')) }),
      'null as a value': () => query().where({ email: null }).getMany(),
      'null among values': () => persons.findBy({ email: In(['a@example.test', null as unknown as string]) }),
      'a relation ordered by a field': () => orders.find({ order: { person: { notes: 'ASC' } } }),
      'a field of a relation without search': () => orders.findBy({ person: { notes: 'x' } }),
      'columns of the encryption': () => query().where({ hidden_mail_index: 'x' }).getMany(),
      'values of the encryption': () => persons.insert({ ...person(), hidden_mail_index: 'x' } as Person),
      'a field in the condition of an upsert': () =>
        persons
          .createQueryBuilder()
          .insert()
          .values(person())
          .orUpdate(['notes', 'tenant'], ['id'], { overwriteCondition: { where: { notes: 'x' } } })
          .execute(),
      'SQL text by column': () => query().where('p.mail = :mail', { mail: 'x' }).getMany(),
      'SQL text, quoted': () => query().where('"p"."notes" LIKE :x', { x: 'x' }).getMany(),
      'SQL text without alias': () => query().where('NOTES IS NOT NULL').getMany(),
      'SQL text in brackets': () =>
        query()
          .where(new Brackets((qb) => qb.where("p.tags <> ''")))
          .getMany(),
      'SQL text of an operator': () => persons.findBy({ city: Raw(() => `notes = 'x'`) }),
      'SQL text that orders': () => query().orderBy('LOWER(p.notes)').getMany(),
      'SQL text that groups': () => query().select('COUNT(*)').groupBy('p.notes').getRawMany(),
      'SQL text that selects': () => query().select('MAX(p.mail_index)', 'mail').getRawMany(),
      'SQL text of HAVING': () => query().select('p.city').groupBy('p.city').having('MIN(p.notes) > 1').getRawMany(),
      'SQL text that joins': () =>
        orders.createQueryBuilder('o').leftJoin('o.person', 'p', 'p.notes = o.notes').getMany(),
      'SQL text in a deletion': () => persons.createQueryBuilder().delete().where("notes = 'x'").execute(),
      'SQL text as a value': () =>
        persons
          .createQueryBuilder()
          .update()
          .set({ city: () => 'notes' })
          .where({ id: 'x' })
          .execute(),
      'SQL for a field': () => persons.update('anna', { notes: (() => 'city') as unknown as string }),
      'the table by a name of its own': () =>
        dataSource.createQueryBuilder().insert().into('main.people').values({ id: 'x', notes: 'canary' }).execute(),
      'to read the table by a name of its own': () =>
        dataSource.createQueryBuilder().from('"people"', 'p').getRawMany(),
      'to return a field': () =>
        persons.createQueryBuilder().update().set({ city: 'x' }).where({ id: 'x' }).returning(['notes']).execute(),
      'to return everything': () => persons.createQueryBuilder().insert().values(person()).returning('*').execute(),
      'to insert what another query finds': () =>
        persons
          .createQueryBuilder()
          .insert()
          .into(People, ['id', 'tenant', 'notes'])
          .valuesFromSelect((qb: SelectQueryBuilder<Order>) => qb.select(['o.id', 'o.id', 'o.notes']).from(Orders, 'o'))
          .execute(),
    };
    for (const [name, run] of Object.entries(queries)) {
      const isOfPostgres = name.startsWith('to return');
      if (isOfPostgres && engine !== 'postgres') continue;
      inAcme(name, () => refuses(async () => run()));
    }

    inAcme('values that are none: no operator comes out of JSON', async () => {
      const fromOutside = JSON.parse('{"@instanceof":"FindOperator","_type":"isNull"}') as string;
      await refuses(() => persons.findBy({ email: fromOutside }), 'ERR_VALUE_TYPE');
      await refuses(() => persons.findBy({ email: ['a', 'b'] as unknown as string }), 'ERR_VALUE_TYPE');
    });

    inAcme('nothing of other entities, though their columns have the same names', async () => {
      const found = await orders
        .createQueryBuilder('o')
        .leftJoinAndSelect('o.person', 'notes')
        .where('o.notes = :notes', { notes: 'of nobody' })
        .orderBy('o.notes')
        .getMany();
      assert.equal(found.length, 1);
    });
  });

  describe('columns that change', () => {
    inAcme('follow a migration from plain text to sealed', async () => {
      const rowId = newRowId();
      const phases: [Phase, boolean, boolean][] = [
        ['plain', true, false],
        ['dual-writing', true, true],
        ['backfilled', true, true],
        ['encrypted-only', false, true],
        ['plain-dropped', false, true],
      ];
      for (const [phase, isPlain, isSealed] of phases) {
        state.phase = phase;
        await persons.save(person({ id: rowId, email: null, name: phase }));
        const row = await stored(rowId);
        assert.deepEqual(
          [row.name === phase, row.name_sealed?.startsWith('bw1:') ?? false],
          [isPlain, isSealed],
          phase,
        );
        const found = await persons.findOneByOrFail({ id: rowId });
        assert.equal(found.name, phase);
        assert.ok(!('hidden_name' in found));
        assert.equal((await persons.findBy({ id: rowId, name: Not(IsNull()) })).length, 1, phase);
        if (phase === 'plain') assert.equal((await persons.findBy({ name: 'plain' })).length, 1);
      }
      state.phase = 'backfilled';
      await dataSource.query(`UPDATE people SET name_sealed = NULL, name = 'late' WHERE id = '${rowId}'`);
      assert.equal((await persons.findOneByOrFail({ id: rowId })).name, 'late');
      assert.deepEqual(await persons.findBy({ id: rowId, name: IsNull() }), []);
      state.phase = 'plain-dropped';
    });

    inAcme('follow the rotation of an index', async () => {
      const old = person();
      await persons.insert(old);
      await fixture.keys.rotate(fixture.fields.keyIds('acme').index);
      state.isRotating = true;
      const recent = person();
      await persons.insert(recent);
      assert.ok((await stored(recent.id)).mail_index_next);
      await persons.update(old.id, { email: 'rotated@example.test' });
      for (const wanted of ['rotated@example.test', recent.email!]) {
        assert.equal((await persons.findBy({ email: wanted })).length, 1);
      }
      state.isRotating = false;
    });
  });

  describe('a table bound to its columns, in bytes', () => {
    inAcme('needs no id before it is stored, updates many rows, and upserts by other columns', async () => {
      const repository = dataSource.getRepository(Settings);
      await repository.save([
        { area: 'one', value: 'canary', size: 1 },
        { area: 'two', value: 'other', size: null },
      ]);
      await repository.update({ area: In(['one', 'two']) }, { size: 7.5 });
      await repository.upsert({ area: 'two', value: 'canary', size: 7.5 }, ['area']);
      const found = await repository.find({ where: { value: 'canary' }, order: { area: 'ASC' } });
      assert.deepEqual(
        found.map((one) => [one.area, one.size]),
        [
          ['one', 7.5],
          ['two', 7.5],
        ],
      );
    });
  });

  describe('a declaration', () => {
    const plainPeople = new EntitySchema<{ id: string; notes: string }>({
      name: 'PlainPerson',
      tableName: 'people',
      columns: { id, notes: { type: 'text' } },
    });
    const misplaced = new EntitySchema<Setting>({
      name: 'Misplaced',
      tableName: 'orders',
      columns: {
        id: { type: 'integer', primary: true },
        area: { type: 'text' },
        ...encryptedColumns(settings, { bytes }),
      },
    });
    const wrong = { 'that an entity leaves out': plainPeople, 'that an entity puts into another table': misplaced };
    for (const [name, entity] of Object.entries(wrong)) {
      inAcme(`${name} is refused`, async () => {
        const other = await typeormDataSource({ engine, url: await openUrl() }, fixture.fields, [entity], []);
        const repository = other.dataSource.getRepository<{ id: unknown; notes?: string }>(
          entity as EntitySchema<never>,
        );
        await assert.rejects(repository.find(), { code: 'ERR_DECLARATION' });
        await assert.rejects(repository.insert({ id: 1, notes: 'canary' }), { code: 'ERR_DECLARATION' });
        await other.dataSource.destroy();
      });
    }

    inAcme('does nothing on a data source that does not encrypt, but lets nothing out', async () => {
      const tables = createTables('integer', bytes);
      const other = await typeormDataSource({ engine, url: await openUrl() }, undefined, [People, Orders], tables);
      const repository = other.dataSource.getRepository(People);
      await assert.rejects(repository.insert(person()));
      await assert.rejects(repository.save(person()));
      await assert.rejects(repository.update('x', { notes: 'canary' }));
      await assert.rejects(repository.findBy({ email: 'canary@example.test' }));
      assert.ok(!other.sent().join().includes('canary'));
      await other.dataSource.query("INSERT INTO people (id, tenant, notes) VALUES ('1', 'acme', 'bw1:x')");
      await assert.rejects(repository.find(), { code: 'ERR_DECLARATION' });
      await other.dataSource.getRepository(Orders).insert({ id: '1', notes: 'plain' });
      assert.equal(await other.dataSource.getRepository(Orders).count(), 1);
      await other.dataSource.destroy();
    });

    test('of a record is refused, and so is encrypting twice', () => {
      const record = encrypted('r', { a: text() }, { record: { column: 'sealed', fields: ['a'] } });
      assert.throws(() => encryptedColumns(record), { code: 'ERR_DECLARATION' });
      assert.throws(() => encryptDataSource(dataSource, fixture.fields), { code: 'ERR_DECLARATION' });
    });
  });
});
