import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import mongoose, { type Connection, Schema } from 'mongoose';
import { fieldsFixture } from '../../../testing/fields-fixture.ts';
import { type MongoServer, startMongoServer } from '../../../testing/mongoose-server.ts';
import { bytes, email, json, number, text } from '../../field.ts';
import { newRowId } from '../../new-row-id.ts';
import type { FieldStates, Phase } from '../../states.ts';
import { type EncryptedTable, encrypted } from '../../table.ts';
import { type DocumentFields, encryptedFields } from './mongoose.ts';

describe('mongoose', () => {
  let server: MongoServer;
  let connection: Connection;
  let names = 0;
  before(async () => {
    server = await startMongoServer();
    connection = await mongoose.createConnection(server.url).asPromise();
  });
  after(async () => {
    await connection.close();
    await server.close();
  });

  /** A model of a table, on keys of its own. */
  async function open<T extends EncryptedTable>(table: T, states?: FieldStates) {
    const fixture = fieldsFixture({ tables: [table], scope: 'acme', ...(states && { states }) });
    await fixture.fields.ready();
    type Doc = { _id: string } & DocumentFields<T>;
    const schema = new Schema<Doc>(
      { _id: { type: String, default: () => newRowId() } },
      { collection: table.name, minimize: false },
    );
    schema.plugin(encryptedFields, { fields: fixture.fields, table });
    const Things = connection.model(`Thing${names++}`, schema);
    await Things.init();
    return { ...fixture, Things, stored: (id: string) => server.documents(table.name).find(({ _id }) => _id === id)! };
  }

  test('goes through the phases of a migration, reading and searching all the way', async () => {
    const phases: Phase[] = ['plain', 'dual-writing', 'backfilled', 'encrypted-only', 'plain-dropped'];
    let phase: Phase = 'plain';
    const table = encrypted(
      'members',
      {
        email: email({ search: 'unique', column: 'email_sealed', plainColumn: 'email' }),
        size: number({ column: 'size_sealed', plainColumn: 'size' }),
      },
      { id: '_id' },
    );
    const { Things, stored } = await open(table, { phase: () => phase, isIndexRotating: () => false });
    for (phase of phases) {
      const _id = phase;
      await Things.create({ _id, email: `${phase}@x.test`, size: 7 });
      assert.equal(stored(_id).size, ['encrypted-only', 'plain-dropped'].includes(phase) ? undefined : 7, phase);
      assert.equal('email_sealed' in stored(_id), phase !== 'plain', phase);
      for (const options of [{}, { select: '-size' }, { select: 'email' }]) {
        const [found] = await Things.find({ email: `${phase}@x.test` }, null, options).lean();
        assert.equal(found?.email, `${phase}@x.test`, phase);
      }
      assert.equal(await Things.countDocuments({ _id, email: { $ne: null } }), 1, phase);
      const doc = await Things.findById(_id).orFail();
      doc.set('size', 8);
      await doc.save();
      assert.equal((await Things.findById(_id))?.size, 8, phase);
      await Things.updateOne({ _id }, { $unset: { size: 1 } });
      assert.ok(!('size' in stored(_id) || 'size_sealed' in stored(_id)), phase);
    }
  });

  test('searches while the key of an index is rotated', async () => {
    let isRotating = false;
    const table = encrypted('rotated', { email: email({ search: 'unique' }) }, { id: '_id' });
    const { Things, fields, keys, stored } = await open(table, {
      phase: () => undefined,
      isIndexRotating: () => isRotating,
    });
    await Things.create({ _id: 'early', email: 'early@x.test' });
    const { index } = fields.keyIds('acme');
    const next = await keys.rotate(index, { activatesAt: Date.now() + 1e9 });
    isRotating = true;
    await Things.create({ _id: 'late', email: 'late@x.test' });
    assert.ok('email_index_next' in stored('late'));
    await keys.activate(index, next);
    for (const _id of ['early', 'late']) assert.equal((await Things.findOne({ email: `${_id}@x.test` }))?._id, _id);
  });

  test('keeps equal values apart, and takes many documents without one', async () => {
    const { Things } = await open(encrypted('unique', { email: email({ search: 'unique' }) }, { id: '_id' }));
    await Things.create([{ email: 'a@x.test' }, {}, { email: null }, {}]);
    await assert.rejects(Things.create({ email: 'A@x.test' }), { code: 11000 });
  });

  test('stores bytes, and reads them', async () => {
    const fields = { email: email({ search: 'filter' }), photo: bytes(), meta: json(['to']), all: json() };
    const { Things, stored } = await open(encrypted('bytes', fields, { id: '_id', store: 'bytes' }));
    const photo = Buffer.from('photo');
    await Things.create({ _id: '1', email: 'a@x.test', photo, meta: { to: 'Ada', cc: {} }, all: {} });
    assert.equal(typeof stored('1').email, 'object');
    const [found] = await Things.find({ email: 'A@x.test' }).lean();
    assert.deepEqual(found, { _id: '1', __v: 0, email: 'a@x.test', photo, meta: { to: 'Ada', cc: {} }, all: {} });
  });

  test('seals the fields of a record together', async () => {
    const fields = { a: text(), b: text({ search: 'filter' }) };
    const record = { column: 'ab', fields: ['a', 'b'] };
    const { Things, stored } = await open(encrypted('records', fields, { id: '_id', record }));
    const doc = await Things.create({ _id: '1', a: 'first', b: 'second' });
    assert.deepEqual(Object.keys(stored('1')).toSorted(), ['__v', '_id', 'ab', 'b_index']);
    doc.set('a', 'changed');
    await doc.save();
    const [found] = await Things.find({ b: 'second' }).select('a').lean();
    assert.equal(found?.a, 'changed');
    await assert.rejects(async () => Things.updateOne({ _id: '1' }, { a: 'x' }), { code: 'ERR_RECORD_PARTIAL' });
    await assert.rejects(async () => Things.find({ a: null }), { code: 'ERR_UNSUPPORTED_QUERY' });
  });

  describe('refuses to declare', () => {
    const table = encrypted(
      'things',
      { secret: text({ search: 'filter', column: 'sealed' }), more: json() },
      { id: '_id' },
    );
    const { fields } = fieldsFixture({ tables: [table], scope: 'acme' });
    const plug = (paths: Record<string, unknown>, options = {}) => {
      const schema = new Schema(paths as Record<string, never>, { collection: 'things', ...options });
      schema.plugin(encryptedFields, { fields, table });
      return schema;
    };
    const wrong: Record<string, () => unknown> = {
      'a path of another type': () => plug({ secret: Number }),
      'JSON as nested paths': () => plug({ more: { a: String } }),
      'JSON as another document': () => plug({ more: new Schema({ a: String }) }),
      'an index of plain text': () => plug({ secret: { type: String, index: true } }),
      'a unique index of plain text': () => plug({ secret: { type: String, unique: true } }),
      'a path that a field is stored in': () => plug({ sealed: String }),
      'a path that an index is stored in': () => plug({ sealed_index: String }),
      'a collection of another name': () => connection.model(`Thing${names++}`, plug({}, { collection: 'others' })),
      'two tables in one collection': () => {
        const other = encrypted('other', { name: text() }, { id: '_id', table: 'twice' });
        const twice = encrypted('twice', { name: text() }, { id: '_id' });
        for (const each of [other, twice]) {
          const own = fieldsFixture({ tables: [each], scope: 'acme' }).fields;
          const schema = new Schema({}, { collection: 'twice' });
          schema.plugin(encryptedFields, { fields: own, table: each });
          connection.model(`Thing${names++}`, schema);
        }
      },
    };
    for (const [what, declare] of Object.entries(wrong)) {
      test(what, () => assert.throws(declare, { code: 'ERR_DECLARATION' }));
    }

    test('a table that was not given to openFields', () => {
      const other = encrypted('other', { name: text() });
      assert.throws(() => new Schema().plugin(encryptedFields, { fields, table: other }), {
        code: 'ERR_FIELD_UNKNOWN',
      });
    });

    test('an index of the schema over an encrypted field', async () => {
      const schema = plug({ city: String });
      schema.index({ city: 1, secret: 1 });
      const Things = connection.model(`Thing${names++}`, schema);
      await assert.rejects(Things.init(), { code: 'ERR_DECLARATION' });
    });

    test('a schema inside of another', async () => {
      const Parent = connection.model(
        `Thing${names++}`,
        new Schema<{ child: unknown }>({ child: plug({}) as never }, { collection: 'parents' }),
      );
      await assert.rejects(Parent.create({ child: { secret: 'x' } }), { code: 'ERR_DECLARATION' });
      assert.deepEqual(server.documents('parents'), []);
    });
  });
});
