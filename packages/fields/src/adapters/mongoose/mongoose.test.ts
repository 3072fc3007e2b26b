import { describe } from 'node:test';
import mongoose, { Schema } from 'mongoose';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import type { Binding, ConformanceTables, Customer } from '../../../testing/conformance-tables.ts';
import type { FieldsFixture } from '../../../testing/fields-fixture.ts';
import { startMongoServer } from '../../../testing/mongoose-server.ts';
import { encryptedFields } from './mongoose.ts';

interface Slack {
  id: string;
  tenant_id: string;
  team: string;
  botToken: string | null;
}

interface Confluence {
  id: string;
  tenant_id: string;
  site: string;
  accessToken: string | null;
}

/** The tables of the suite call their id `id`, and so do documents here, beside the `_id` that MongoDB gives them. */
const OPTIONS = { id: false, versionKey: false } as const;
const OWN = { id: String, tenant_id: String };

async function open({ fields }: FieldsFixture, tables: ConformanceTables): Promise<AdapterUnderTest> {
  const server = await startMongoServer();
  const connection = mongoose.createConnection(server.url);
  const customerSchema = new Schema<Customer>(
    { ...OWN, city: String, visits: Number },
    { ...OPTIONS, collection: 'customers' },
  );
  customerSchema.plugin(encryptedFields, { fields, table: tables.customers });
  const Customers = connection.model('Customer', customerSchema);
  const slackSchema = new Schema<Slack>({ ...OWN, team: String }, { ...OPTIONS, collection: 'slack_connections' });
  slackSchema.plugin(encryptedFields, { fields, table: tables.slackConnections });
  const SlackConnection = connection.model('SlackConnection', slackSchema);
  const confluenceSchema = new Schema<Confluence>(
    { ...OWN, site: String },
    { ...OPTIONS, collection: 'confluence_connections' },
  );
  confluenceSchema.plugin(encryptedFields, { fields, table: tables.confluenceConnections });
  const ConfluenceConnection = connection.model('ConfluenceConnection', confluenceSchema);
  await Promise.all([Customers.init(), SlackConnection.init(), ConfluenceConnection.init()]);

  const all = { $regex: /./ };
  return {
    create: async (customer) => void (await Customers.create(customer)),
    createMany: async (customers) => void (await Customers.insertMany(customers)),
    find: async (id) => (await Customers.findOne({ id }).lean()) ?? undefined,
    async update(id, change) {
      const customer = await Customers.findOne({ id }).orFail();
      await customer.set(change).save();
    },
    remove: async (id) => void (await Customers.deleteOne({ id })),
    findByEmail: async (email) => await Customers.find({ email }).lean(),
    findByEmails: async (emails) => await Customers.find({ email: { $in: emails } }).lean(),
    findByPhone: async (phone) => (await Customers.find({ phone })).map((found) => found.toObject()),
    listByCity: async (city) => await Customers.find({ city }).sort({ visits: 1 }).lean(),
    unanswerable: {
      'equality without search': async () => await Customers.find({ notes: 'x' }),
      inequality: async () => await Customers.find({ email: { $ne: 'x' } }),
      pattern: async () => await Customers.find({ email: /x/ }),
      regex: async () => await Customers.find({ email: all }),
      range: async () => await Customers.find({ salary: { $gt: 1 } }),
      negation: async () => await Customers.find({ email: { $not: { $eq: 'x' } } }),
      'range among others': async () =>
        await Customers.find({ $or: [{ city: 'x' }, { $and: [{ salary: { $lt: 1 } }] }] }),
      order: async () => await Customers.find().sort({ email: 1 }),
      distinct: async () => await Customers.distinct('email'),
      expression: async () => await Customers.find({ $expr: { $eq: ['$email', '$notes'] } }),
      'sealed path of JSON': async () => await Customers.find({ 'metadata.payment.token': 'x' }),
      aggregate: async () => await Customers.aggregate([{ $group: { _id: '$email' } }]),
      'stored key': async () => await Customers.find({ api_secret: 'x' }),
    },
    createSlackConnection: async (row) => void (await new SlackConnection(row).save()),
    slackBotToken: async (id) => (await SlackConnection.findOne({ id }))?.botToken,
    createConfluenceConnection: async (row) => void (await new ConfluenceConnection(row).save()),
    confluenceAccessToken: async (id) => (await ConfluenceConnection.findOne({ id }))?.accessToken,
    async raw(collection, id) {
      const stored = server.documents(collection).find((document) => document.id === id)!;
      // Documents have no columns: what is null has no index.
      return { email_index: null, ...stored };
    },
    async setRaw(collection, id, key, value) {
      server.documents(collection).find((document) => document.id === id)![key] = value;
    },
    async close() {
      await connection.close();
      await server.close();
    },
  };
}

describe('mongoose', () => {
  for (const binding of ['row', 'column'] satisfies Binding[]) {
    adapterConformance({ name: `bound to the ${binding}`, binding, open });
  }
});
