import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import mongoose, { type Connection, Schema, Types } from 'mongoose';
import { type FieldsFixture, fieldsFixture } from '../../../testing/fields-fixture.ts';
import { type MongoServer, startMongoServer } from '../../../testing/mongoose-server.ts';
import { bytes, date, email, json, name, number, text } from '../../field.ts';
import { encrypted } from '../../table.ts';
import { type DocumentFields, encryptedFields } from './mongoose.ts';

const people = encrypted(
  'people',
  {
    email: email({ search: 'filter' }),
    name: name({ search: { filterBits: 8 } }),
    notes: text({ column: 'notes_sealed' }),
    born: date(),
    size: number(),
    photo: bytes(),
    facts: json<{ tax_id?: string; plan?: string; cards?: { number: string; brand: string }[] }>([
      'tax_id',
      'cards.*.number',
    ]),
  },
  { id: '_id', scope: { column: 'tenant' } },
);
const keyed = encrypted('keyed', { code: text() }, { id: 'key', scope: { column: 'tenant' } });
const tagged = encrypted('tagged', { code: text() }, { id: '_id', scope: { column: 'tenant' } });
const pets = encrypted('pets', { called: text({ search: 'filter' }) }, { id: '_id', scope: { column: 'tenant' } });

interface Person extends DocumentFields<typeof people> {
  _id: Types.ObjectId;
  tenant: string;
  city?: string;
  visits?: number;
}

interface Pet extends DocumentFields<typeof pets> {
  _id: Types.ObjectId;
  tenant: string;
  owner?: Types.ObjectId;
}

function personModel(connection: Connection, { fields }: FieldsFixture) {
  const schema = new Schema<Person>({ tenant: String, city: String, visits: Number }, { collection: 'people' });
  schema.plugin(encryptedFields, { fields, table: people });
  return connection.model('Person', schema);
}

function petModel(connection: Connection, { fields }: FieldsFixture) {
  const owner = { type: Schema.Types.ObjectId, ref: 'Person' };
  const schema = new Schema<Pet>({ tenant: String, owner }, { collection: 'pets' });
  schema.plugin(encryptedFields, { fields, table: pets });
  return connection.model('Pet', schema);
}

describe('mongoose', () => {
  let fixture: FieldsFixture;
  let server: MongoServer;
  let connection: Connection;
  let People: ReturnType<typeof personModel>;
  let Pets: ReturnType<typeof petModel>;
  let ada: Types.ObjectId;
  let bob: Types.ObjectId;

  before(async () => {
    fixture = fieldsFixture({ tables: [people, pets] });
    server = await startMongoServer();
    connection = await mongoose.createConnection(server.url).asPromise();
    People = personModel(connection, fixture);
    Pets = petModel(connection, fixture);
    await Promise.all([People.init(), Pets.init()]);
  });
  after(async () => {
    await connection.close();
    await server.close();
  });

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));

  beforeEach(() =>
    fixture.asTenant('acme', async () => {
      await People.deleteMany();
      await Pets.deleteMany();
      const [first, second] = await People.create([
        {
          tenant: 'acme',
          city: 'London',
          email: 'ada@x.test',
          notes: 'canary-a',
          born: new Date('1815-12-10'),
          facts: { tax_id: 'canary-tax', plan: 'gold', cards: [{ number: 'canary-4242', brand: 'visa' }] },
        },
        { tenant: 'acme', city: 'Turin', email: 'bob@x.test', notes: 'canary-b' },
      ]);
      ada = first!._id;
      bob = second!._id;
      await Pets.create({ tenant: 'acme', owner: ada, called: 'Rex' });
      server.asked.length = 0;
    }),
  );

  const stored = (id: Types.ObjectId) => server.documents('people').find((document) => id.equals(document._id))!;
  const rejects = (code: string, run: () => PromiseLike<unknown>) => assert.rejects(async () => await run(), { code });
  const refuses = async (code: string, run: () => PromiseLike<unknown>) => {
    server.asked.length = 0;
    await rejects(code, run);
    assert.deepEqual(server.asked, [], 'nothing reached the database');
  };

  describe('documents', () => {
    inAcme('are not modified by being sealed or opened', async () => {
      const person = new People({ tenant: 'acme', notes: 'x', facts: { tax_id: '1' } });
      await person.save();
      assert.deepEqual(person.modifiedPaths(), []);
      assert.equal(person.notes, 'x');
      assert.equal(person.facts?.tax_id, '1');
      const loaded = await People.findById(person._id).orFail();
      assert.deepEqual(loaded.modifiedPaths(), []);
      assert.equal(loaded.isModified('notes'), false);
      await loaded.save();
      assert.ok(!server.asked.some((command) => 'update' in command));
    });

    inAcme('that change seal what has changed, and nothing else', async () => {
      const before = { ...stored(ada) };
      const person = await People.findById(ada).orFail();
      person.city = 'Bath';
      person.email = 'new@x.test';
      assert.ok(person.isModified('email'));
      await person.save();
      assert.equal(person.isModified('email'), false);
      assert.equal(stored(ada).notes_sealed, before.notes_sealed);
      assert.notEqual(stored(ada).email, before.email);
      assert.equal((await People.findOne({ email: 'NEW@x.test' }))?.city, 'Bath');
    });

    inAcme('that fail to be stored stay as they are', async () => {
      const person = await People.findById(ada).orFail();
      person.notes = 'x'.repeat(70_000);
      await refuses('ERR_VALUE_TOO_LARGE', () => person.save());
      assert.equal(person.notes.length, 70_000);
      assert.ok(person.isModified('notes'));
    });

    inAcme('that are deleted are found by their id', async () => {
      await (await People.findById(ada).orFail()).deleteOne();
      assert.equal(await People.countDocuments(), 1);
    });

    inAcme('whose values cannot be cast do not show them in errors', async () => {
      for (const change of [{ size: 'canary' }, { born: 'canary' }, { photo: { canary: 1 } }]) {
        const person = new People({ tenant: 'acme', ...(change as object) });
        await assert.rejects(person.save(), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ERR_VALUE_TYPE');
          assert.ok(!error.message.includes('canary'), error.message);
          return true;
        });
      }
    });
  });

  describe('opens', () => {
    inAcme('lean objects, cursors and streams', async () => {
      assert.equal((await People.findOne({ _id: ada }).lean())?.notes, 'canary-a');
      const seen: unknown[] = [];
      for await (const person of People.find().sort({ city: 1 }).cursor()) seen.push(person.notes);
      for await (const person of People.find().sort({ city: 1 }).lean()) seen.push(person.notes);
      assert.deepEqual(seen, ['canary-a', 'canary-b', 'canary-a', 'canary-b']);
    });

    inAcme('populated documents', async () => {
      const pet = await Pets.findOne({ called: 'Rex' }).populate<{ owner: Person }>('owner');
      assert.equal(pet?.owner.notes, 'canary-a');
    });

    inAcme('a selection without the id, and gives nothing that was not asked for', async () => {
      assert.deepEqual(await People.findById(ada).select({ notes: 1, _id: 0 }).lean(), { notes: 'canary-a' });
      assert.deepEqual(await People.findById(ada).select('city').lean(), { _id: ada, city: 'London' });
      const without = await People.findById(ada).select('-notes -tenant').lean();
      assert.equal(without?.email, 'ada@x.test');
      assert.ok(!('notes' in without || 'tenant' in without || 'email_index' in without || 'notes_sealed' in without));
      assert.deepEqual(await People.findById(ada).select('facts.plan').lean(), { _id: ada, facts: { plan: 'gold' } });
      assert.deepEqual((await People.findById(ada).select('facts.tax_id').lean())?.facts, { tax_id: 'canary-tax' });
    });

    inAcme('what finding and changing gives', async () => {
      const options = { returnDocument: 'after' } as const;
      const changed = await People.findOneAndUpdate({ _id: ada }, { notes: 'new' }, options);
      assert.equal(changed?.notes, 'new');
      const raw = await People.findOneAndUpdate(
        { _id: ada },
        { notes: 'newer' },
        { ...options, includeResultMetadata: true },
      );
      assert.equal(raw.value?.notes, 'newer');
      const replaced = await People.findOneAndReplace({ _id: ada }, { tenant: 'acme', notes: 'other' }, options);
      assert.equal(replaced?.notes, 'other');
      assert.equal(replaced.email, undefined);
      assert.equal((await People.findOneAndDelete({ _id: ada }))?.notes, 'other');
      assert.equal(await People.findOneAndUpdate({ _id: ada }, { notes: 'gone' }), null);
    });

    inAcme('aggregations that keep documents as they are', async () => {
      const pipeline = [{ $match: { email: { $in: ['ADA@x.test', 'bob@x.test'] } } }, { $sort: { city: -1 as const } }];
      const found = await People.aggregate<Person>(pipeline);
      assert.deepEqual(
        found.map(({ notes }) => notes),
        ['canary-b', 'canary-a'],
      );
      const counted = await People.aggregate([
        { $match: { email: 'ada@x.test' } },
        { $group: { _id: '$city', n: { $sum: 1 } } },
      ]);
      assert.deepEqual(counted, [{ _id: 'London', n: 1 }]);
      const seen: unknown[] = [];
      for await (const person of People.aggregate<Person>(pipeline).cursor()) seen.push(person.notes);
      assert.deepEqual(seen, ['canary-b', 'canary-a']);
    });
  });

  describe('searches', () => {
    const cities = async (filter: mongoose.QueryFilter<Person>) =>
      (await People.find(filter).lean()).map(({ city }) => city).toSorted();

    inAcme('inside of $and, $or and $nor', async () => {
      assert.deepEqual(await cities({ $or: [{ email: 'ADA@x.test' }, { city: 'Turin' }] }), ['London', 'Turin']);
      assert.deepEqual(await cities({ $and: [{ email: { $eq: 'ada@x.test' } }, { city: 'Turin' }] }), []);
      assert.deepEqual(await cities({ $nor: [{ email: 'ada@x.test' }] }), ['Turin']);
      assert.deepEqual(await cities({ email: { $in: [] } }), []);
      assert.deepEqual(await cities({ email: 'ada@x.test', city: { $in: ['London'] } }), ['London']);
    });

    inAcme('for null, and for its contrary', async () => {
      await People.updateOne({ _id: bob }, { email: null });
      assert.ok(!('email_index' in stored(bob)));
      assert.deepEqual(await cities({ email: null }), ['Turin']);
      assert.deepEqual(await cities({ email: { $ne: null } }), ['London']);
      assert.deepEqual(await cities({ notes: { $exists: true } }), ['London', 'Turin']);
      assert.deepEqual(await cities({ born: { $exists: false } }), ['Turin']);
    });

    inAcme('in counts, deletions and existence', async () => {
      assert.equal(await People.countDocuments({ email: 'ada@x.test' }), 1);
      assert.deepEqual((await People.exists({ email: 'ada@x.test' }))?._id, ada);
      assert.deepEqual(await People.distinct('city', { email: 'ada@x.test' }), ['London']);
      assert.equal((await People.deleteMany({ email: { $in: ['ada@x.test', 'bob@x.test'] } })).deletedCount, 2);
    });

    inAcme('by the keys of the tenant that a filter names', async () => {
      await fixture.asTenant('globex', () => People.create({ tenant: 'globex', email: 'ada@x.test', city: 'Paris' }));
      const { email } = { email: 'ada@x.test' };
      assert.deepEqual(await cities({ tenant: 'globex', email }), ['Paris']);
      assert.deepEqual(await cities({ email }), ['London']);
    });

    inAcme('what is in clear inside of JSON', async () => {
      assert.deepEqual(stored(ada).facts.plan, 'gold');
      assert.match(stored(ada).facts.cards[0].number, /^bw1:/);
      assert.deepEqual(await cities({ 'facts.plan': 'gold' }), ['London']);
      assert.equal((await People.find().sort({ 'facts.plan': -1 }))[0]?.city, 'London');
      assert.deepEqual(await People.distinct('facts.plan', { 'facts.plan': { $ne: null } }), ['gold']);
      await People.collection.createIndex({ 'facts.plan': 1 });
      await rejects('ERR_DECLARATION', () => People.collection.createIndex({ 'facts.tax_id': 1 }));
    });
  });

  describe('changes', () => {
    inAcme('null, and what is unset with all that is stored for it', async () => {
      await People.updateOne({ _id: ada }, { $set: { notes: null }, $unset: { email: 1 }, $inc: { visits: 1 } });
      const { notes_sealed, visits, ...rest } = stored(ada);
      assert.deepEqual([notes_sealed, visits, 'email' in rest, 'email_index' in rest], [null, 1, false, false]);
      assert.equal((await People.updateMany({}, { notes: null })).matchedCount, 2);
    });

    inAcme('documents that are not there yet, whose id the filter names', async () => {
      const _id = new Types.ObjectId();
      await People.updateOne(
        { _id, tenant: 'acme' },
        { $set: { notes: 'x' }, $setOnInsert: { email: 'up@x.test' } },
        { upsert: true },
      );
      assert.equal((await People.findOne({ email: 'up@x.test' }))?.notes, 'x');
    });

    inAcme('many at once', async () => {
      const operations: mongoose.AnyBulkWriteOperation<Person>[] = [
        { insertOne: { document: { _id: new Types.ObjectId(), tenant: 'acme', email: 'bulk@x.test' } } },
        { updateOne: { filter: { _id: ada }, update: { notes: 'bulk' } } },
        { replaceOne: { filter: { _id: bob }, replacement: { tenant: 'acme', notes: 'replaced' } } },
        { deleteOne: { filter: { email: 'nobody@x.test' } } },
      ];
      await People.bulkWrite(operations);
      assert.equal(await People.countDocuments({ email: 'bulk@x.test' }), 1);
      assert.equal((await People.findById(ada))?.notes, 'bulk');
      assert.equal((await People.findById(bob))?.notes, 'replaced');
      const docs = await People.find();
      for (const doc of docs) doc.notes = 'saved in bulk';
      await People.bulkSave(docs);
      assert.deepEqual(new Set((await People.find().lean()).map(({ notes }) => notes)), new Set(['saved in bulk']));
    });

    inAcme('nothing of another tenant', async () => {
      const before = { ...stored(ada) };
      await fixture.asTenant('globex', async () => {
        assert.equal((await People.updateOne({ _id: ada }, { notes: 'x' })).matchedCount, 0);
      });
      assert.deepEqual(stored(ada), before);
    });

    inAcme('a document without a tenant into one of the tenant of the moment', async () => {
      const mine = await People.create({ notes: 'x' });
      assert.equal(stored(mine._id).tenant, 'acme');
      assert.equal((await People.findById(mine._id))?.notes, 'x');
    });

    inAcme('a document of another tenant, which says so itself', async () => {
      const theirs = new People({ tenant: 'globex', notes: 'theirs' });
      await theirs.save();
      theirs.notes = 'changed';
      await theirs.save();
      assert.equal((await People.findById(theirs._id))?.notes, 'changed');
    });
  });

  describe('refuses to store', () => {
    const changes: Record<string, [code: string, change: () => PromiseLike<unknown>]> = {
      'a value in all documents': ['ERR_ROW_ID_MISSING', () => People.updateMany({}, { notes: 'x' })],
      'a value in documents found by something else': [
        'ERR_ROW_ID_MISSING',
        () => People.updateOne({ email: 'ada@x.test' }, { notes: 'x' }),
      ],
      'a value in one of two': [
        'ERR_ROW_ID_MISSING',
        () => People.updateOne({ $or: [{ _id: ada }, { _id: bob }] }, { notes: 'x' }),
      ],
      'an upsert without an id': [
        'ERR_ROW_ID_MISSING',
        () => People.updateOne({ city: 'x' }, { notes: 'x' }, { upsert: true }),
      ],
      'another tenant': ['ERR_UNSUPPORTED_QUERY', () => People.updateOne({ _id: ada }, { tenant: 'globex' })],
      'a renamed key': [
        'ERR_UNSUPPORTED_QUERY',
        () => People.updateOne({ _id: ada }, { $rename: { city: 'notes_sealed' } }),
      ],
      'a part of JSON': ['ERR_UNSUPPORTED_QUERY', () => People.updateOne({ _id: ada }, { 'facts.plan': 'silver' })],
      'a sum': ['ERR_UNSUPPORTED_QUERY', () => People.updateOne({ _id: ada }, { $inc: { size: 1 } })],
      'a smaller value': ['ERR_UNSUPPORTED_QUERY', () => People.updateOne({ _id: ada }, { $min: { size: 1 } })],
      'values without an operator': [
        'ERR_UNSUPPORTED_QUERY',
        () => People.collection.updateOne({ _id: ada }, { notes: 'x' } as never),
      ],
      'a pipeline': [
        'ERR_UNSUPPORTED_QUERY',
        () => People.updateOne({ _id: ada }, [{ $set: { notes: '$city' } }], { updatePipeline: true }),
      ],
      'an index that the application gives': [
        'ERR_UNSUPPORTED_QUERY',
        () => People.collection.insertOne({ _id: new Types.ObjectId(), tenant: 'acme', email_index: 'evil' } as never),
      ],
      'a document without an id, past Mongoose': [
        'ERR_ROW_ID_MISSING',
        () => People.collection.insertOne({ tenant: 'acme', notes: 'x' } as never),
      ],
    };
    for (const [what, [code, change]] of Object.entries(changes)) {
      inAcme(what, async () => {
        const before = JSON.stringify(server.documents('people'));
        await refuses(code, change);
        assert.equal(JSON.stringify(server.documents('people')), before);
      });
    }
  });

  describe('refuses to ask', () => {
    const questions: Record<string, () => PromiseLike<unknown>> = {
      'for a shortened index': () => People.find({ name: 'Ada' }),
      'for a sealed path of JSON': () => People.find({ 'facts.tax_id': 'x' }),
      'for a sealed path in an array': () => People.find({ 'facts.cards.number': 'x' }),
      'for a sealed path at a position': () => People.find({ 'facts.cards.0.number': 'x' }),
      'for what holds a sealed path': () => People.find({ 'facts.cards': [] }),
      'for JSON as a whole': () => People.find({ facts: {} }),
      'by a script': () => People.find({ $where: 'true' }),
      'by an expression that makes its names': () =>
        People.find({ $expr: { $eq: [{ $getField: { $concat: ['no', 'tes_sealed'] } }, 'x'] } }),
      'in a null that a record or list hides': () => People.find({ email: { $in: [null, 'x'] } as never }),
      'for all documents as values': () => People.aggregate([{ $group: { _id: null, all: { $push: '$$ROOT' } } }]),
      'for an order in an aggregation': () => People.aggregate([{ $sort: { email: 1 } }]),
      'for a projection in an aggregation': () => People.aggregate([{ $project: { shown: '$notes' } }]),
      'for stored keys in an aggregation': () => People.aggregate([{ $project: { notes_sealed: 1 } }]),
      'for a match after a projection': () => People.aggregate([{ $project: { city: 1 } }, { $match: { email: 'x' } }]),
      'for a join by an encrypted key': () =>
        People.aggregate([{ $lookup: { from: 'pets', localField: 'email', foreignField: 'called', as: 'x' } }]),
      'for a facet': () => People.aggregate([{ $facet: { a: [{ $match: { email: 'x' } }] } }]),
      'by a collation': () => People.find({ email: 'x' }).collation({ locale: 'en', strength: 1 }),
      'for an order in a change': () => People.findOneAndUpdate({}, { city: 'x' }, { sort: { email: 1 } }),
      'for an expression in a projection': () => People.find().select({ shown: '$notes_sealed' } as never),
      'for a stored key': () => People.find().select('email_index'),
      'by the bounds of an index': () => People.collection.find({}, { min: { email: 'a' } } as never).toArray(),
      'for events of an encrypted field': async () =>
        People.collection.watch([{ $match: { 'fullDocument.email': 'x' } }]),
      'by an operation of bulkWrite': () =>
        People.bulkWrite([{ updateMany: { filter: { notes: /x/ }, update: { city: 'x' } } }]),
      'by what a form has sent': () => People.findOne({ email: JSON.parse('{"$gt":""}') as string }),
    };
    for (const [what, run] of Object.entries(questions)) inAcme(what, () => refuses('ERR_UNSUPPORTED_QUERY', run));

    test('without a tenant', () => refuses('ERR_SCOPE_MISSING', () => People.find({ email: 'x' })));
  });

  test('needs no tenant for what is in clear', async () => {
    const { _id } = await People.create({ city: 'Rome' });
    await People.updateOne({ _id }, { city: 'Pisa' });
    assert.deepEqual(await People.find({ city: 'Pisa' }).select({ city: 1, _id: 0 }).lean(), [{ city: 'Pisa' }]);
    assert.deepEqual(await People.exists({ city: 'Pisa' }), { _id });
    assert.equal((await People.deleteOne({ _id })).deletedCount, 1);
  });

  inAcme('gives the database no plain text', async () => {
    await People.findOne({ email: 'ada@x.test' });
    await People.updateOne({ _id: ada }, { notes: 'canary-c', email: 'new@x.test' });
    await People.create({ tenant: 'acme', notes: 'canary-d', photo: Buffer.from('canary'), size: 4242.25 });
    await Pets.find({ called: 'Rex' });
    const text = JSON.stringify([server.asked, server.documents('people')]);
    assert.ok(!/canary|x\.test|"Rex"|4242\.25|Y2FuYXJ5/.test(text), text);
  });

  describe('is not passed by', () => {
    inAcme('a call without middleware', async () => {
      await People.insertMany([{ tenant: 'acme', notes: 'canary-m' }], { middleware: false });
      await People.updateOne({ _id: ada }, { notes: 'canary-n' }, { middleware: false });
      assert.ok(!JSON.stringify(server.documents('people')).includes('canary'));
      assert.equal((await People.findById(ada, null, { middleware: false }))?.notes, 'canary-n');
    });

    inAcme('the collection itself', async () => {
      const _id = new Types.ObjectId();
      await People.collection.insertMany([{ _id, tenant: 'acme', notes: 'canary-i' }] as never);
      assert.match(stored(_id).notes_sealed, /^bw1:/);
      assert.equal((await People.collection.findOne({ _id }))?.notes, 'canary-i');
      await rejects('ERR_UNSUPPORTED_QUERY', async () => People.collection.initializeOrderedBulkOp());
    });

    inAcme('another model of the collection', async () => {
      const Bare = connection.model('Bare', new Schema({ tenant: String, notes: String }, { collection: 'people' }));
      const bare = await Bare.create({ tenant: 'acme', notes: 'canary-o' });
      assert.match(stored(bare._id).notes_sealed, /^bw1:/);
      assert.equal((await Bare.findById(bare._id))?.notes, 'canary-o');
    });

    inAcme('a discriminator', async () => {
      const Employee = People.discriminator('Employee', new Schema({ desk: String }));
      const employee = await Employee.create({ tenant: 'acme', notes: 'canary-e', desk: '7' });
      assert.match(stored(employee._id).notes_sealed, /^bw1:/);
      const [found] = await Employee.find({ desk: '7' });
      assert.equal(found?.notes, 'canary-e');
    });

    inAcme('another connection, not even before it is there', async () => {
      const schema = new Schema<Pet>({ tenant: String }, { collection: 'pets' });
      schema.plugin(encryptedFields, { fields: fixture.fields, table: pets });
      const early = mongoose.createConnection();
      const Early = early.model('Pet', schema);
      const waiting = Early.create({ tenant: 'acme', called: 'canary-w' });
      const counting = Early.find({ called: 'Rex' }).lean();
      await early.openUri(server.url);
      const pet = await waiting;
      assert.equal((await counting).length, 1);
      const saved = server.documents('pets').find(({ _id }) => pet._id.equals(_id))!;
      assert.match(saved.called, /^bw1:/);
      assert.equal((await Early.findById(pet._id))?.called, 'canary-w');

      const other = await mongoose.createConnection(server.url).asPromise();
      Early.useConnection(other);
      await Early.create({ tenant: 'acme', called: 'canary-v' });
      await Early.updateOne({ _id: pet._id }, { called: 'canary-u' });
      assert.ok(!JSON.stringify(server.documents('pets')).includes('canary'));
      await Promise.all([early.close(), other.close()]);
    });
  });
});

describe('mongoose, looked at by an adversary', () => {
  const fixture = fieldsFixture({ tables: [people, pets, keyed, tagged] });
  let server: MongoServer;
  let connection: Connection;
  let People: ReturnType<typeof personModel>;

  before(async () => {
    server = await startMongoServer();
    connection = await mongoose.createConnection(server.url).asPromise();
    People = personModel(connection, fixture);
    await People.init();
  });
  after(async () => {
    await connection.close();
    await server.close();
  });
  beforeEach(() => void server.documents('people').splice(0));

  const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant('acme', work));
  const refuses = async (run: () => PromiseLike<unknown>) => {
    server.asked.length = 0;
    await assert.rejects(async () => await run(), { code: 'ERR_UNSUPPORTED_QUERY' });
    assert.deepEqual(server.asked, [], 'nothing reached the database');
  };

  inAcme('refuses to write through a connection, past its collections', async () => {
    const document = { tenant: 'acme', email: 'canary@x.test' };
    for (const model of ['Person', People]) {
      for (const ordered of [true, false]) {
        await refuses(() =>
          connection.bulkWrite([{ model: model as 'Person', name: 'insertOne', document }], { ordered }),
        );
      }
    }
  });

  inAcme('does not take a key in clear for a field that is stored under another', async () => {
    const { _id } = await People.create({ tenant: 'acme', notes: 'true' });
    server.documents('people').find((document) => _id.equals(document._id))!.notes = 'forged';
    await assert.rejects(async () => await People.findById(_id).lean(), { code: 'ERR_NOT_SEALED' });
  });

  inAcme('searches each branch of a filter among the values of the tenant that it names', async () => {
    const of = (tenant: string) => ({ tenant, email: 'ada@x.test' });
    await People.create([of('acme'), of('globex')]);
    const found = await People.find({ $or: [of('acme'), { $and: [of('globex')] }] });
    assert.deepEqual(found.map(({ tenant }) => tenant).toSorted(), ['acme', 'globex']);
  });

  inAcme('refuses to insert by an upsert that looks for an encrypted field', async () => {
    const filter = { tenant: 'acme', email: 'new@x.test' };
    await refuses(() => People.updateOne(filter, { $set: { city: 'Turin' } }, { upsert: true }));
    await refuses(() => People.findOneAndUpdate(filter, { $set: { city: 'Turin' } }, { upsert: true }));
    await refuses(() => People.bulkWrite([{ updateOne: { filter, update: { city: 'Turin' }, upsert: true } }]));
  });

  inAcme('refuses to move a document to another tenant, whatever the operation', async () => {
    const pipeline = [{ $set: { tenant: 'globex' } }];
    await refuses(() => People.updateOne({ city: 'Turin' }, pipeline, { updatePipeline: true }));
    await refuses(() => People.collection.updateOne({ city: 'Turin' }, { $rename: { city: 'tenant' } }));
  });

  inAcme('refuses facets that would give sealed documents, and lets those that count them pass', async () => {
    await refuses(() => People.aggregate([{ $facet: { data: [{ $limit: 1 }], total: [{ $count: 'n' }] } }]));
    // The server of the tests has no facets: it was asked.
    await assert.rejects(
      async () => await People.aggregate([{ $facet: { total: [{ $count: 'n' }] } }]),
      /no such stage/,
    );
  });

  inAcme('refuses conditions that a prototype would swallow, instead of finding all', async () => {
    const filter = JSON.parse('{"__proto__":{"city":"Turin"}}') as object;
    await refuses(() => People.collection.deleteMany(filter));
    await refuses(() => People.collection.deleteMany({ $and: [filter] }));
  });

  inAcme('refuses collations where a value is sealed for what they would not tell apart', async () => {
    const collation = { locale: 'en', strength: 2 };
    await refuses(() => People.updateOne({ tenant: 'ACME', _id: new Types.ObjectId() }, { notes: 'x' }, { collation }));
  });

  inAcme('rewrites the filter of a count of the driver', async () => {
    await People.create({ tenant: 'acme', email: 'canary@x.test' });
    server.asked.length = 0;
    const collection = People.collection as unknown as { count(filter: object): Promise<number> };
    await collection.count({ email: 'canary@x.test' }).catch(() => undefined);
    assert.equal(server.asked.length, 1);
    assert.ok(!JSON.stringify(server.asked).includes('canary'));
  });

  inAcme('keeps an id of its own in a document that takes its place', async () => {
    const schema = new Schema<{ key: string; tenant: string; code?: string | null }>(
      { key: String, tenant: String },
      { collection: 'keyed' },
    );
    schema.plugin(encryptedFields, { fields: fixture.fields, table: keyed });
    const Keyed = connection.model('Keyed', schema);
    await Keyed.create({ key: 'a', tenant: 'acme', code: 'one' });
    await Keyed.replaceOne({ key: 'a' }, { code: 'two' });
    assert.equal((await Keyed.findOne({ key: 'a' }))?.code, 'two');
  });

  inAcme('opens documents with UUIDs for ids, and gives their bytes as the driver does', async () => {
    const uuid: unknown = Schema.Types.UUID;
    const schema = new Schema(
      { _id: uuid as StringConstructor, tenant: String, raw: Buffer },
      { collection: 'tagged' },
    );
    schema.plugin(encryptedFields, { fields: fixture.fields, table: tagged });
    const Tagged = connection.model('Tagged', schema);
    const _id = String(new Types.UUID());
    const given: object = { _id, tenant: 'acme', code: 'one', raw: Buffer.from('x') };
    await new Tagged(given).save();
    assert.equal((await Tagged.findOne({ _id }))?.get('code'), 'one');
    const [lean] = await Tagged.collection.find({}).toArray();
    assert.equal(lean?.code, 'one');
    assert.equal((lean?.raw as unknown as { _bsontype: string } | undefined)?._bsontype, 'Binary');
    await Tagged.updateOne({ _id }, { code: 'two' });
    assert.equal((await Tagged.findOne({ _id }))?.get('code'), 'two');
  });
});
