import { apiSecret, email, encrypted, json, openFields } from '@bulwark/fields';
import { type DocumentFields, encryptedFields } from '@bulwark/fields/mongoose';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import mongoose, { Schema, type Types } from 'mongoose';

// node main.ts mongodb://127.0.0.1:27017/example
const url = process.argv[2];
if (url === undefined) throw new Error('give the URL of a MongoDB database');

// 1. What is encrypted.
const customers = encrypted(
  'customers',
  { email: email({ search: 'unique' }), card: json<{ number: string; brand: string }>(['number']) },
  { id: '_id' },
);
const slackConnections = encrypted('slack_connections', { botToken: apiSecret() }, { id: '_id' });

// 2. Keys: a real application keeps them in a store, under a root of its own.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(crypto.getRandomValues(new Uint8Array(32)))] });
const fields = openFields({ keys, tables: [customers, slackConnections], scope: 'example' });

// 3. Models as ever.
interface Customer extends DocumentFields<typeof customers> {
  city?: string;
}
interface SlackConnection extends DocumentFields<typeof slackConnections> {
  team?: string;
  customer?: Types.ObjectId;
}
const customerSchema = new Schema<Customer>({ city: String }, { collection: 'customers' });
customerSchema.plugin(encryptedFields, { fields, table: customers });
const Customers = mongoose.model('Customer', customerSchema);

const slackSchema = new Schema<SlackConnection>(
  { team: String, customer: { type: Schema.Types.ObjectId, ref: 'Customer' } },
  { collection: 'slack_connections' },
);
slackSchema.plugin(encryptedFields, { fields, table: slackConnections });
const SlackConnections = mongoose.model('SlackConnection', slackSchema);

// 4. Save, search and load.
await mongoose.connect(url);
const ada = await Customers.create({
  city: 'London',
  email: 'Ada@example.test',
  card: { number: '4242 4242', brand: 'visa' },
});
await SlackConnections.create({ team: 'T1', customer: ada._id, botToken: 'xoxb-1' });

// What the database has, asked past Mongoose.
const { db } = mongoose.connection;
console.log('stored:', await db?.collection('customers').findOne({}));
console.log('stored:', await db?.collection('slack_connections').findOne({}));

const found = await Customers.findOne({ email: 'ada@EXAMPLE.test', 'card.brand': 'visa' });
console.log('found by e-mail:', found?.email, found?.card);

const connection = await SlackConnections.findOne({ team: 'T1' }).populate<{ customer: Customer }>('customer');
console.log('populated:', connection?.botToken, connection?.customer.email);

if (found) {
  found.email = 'ada@example.net';
  await found.save();
}
console.log('after the change:', await Customers.countDocuments({ email: 'ada@example.net' }));

// 5. What the database could not answer never gets there.
try {
  await Customers.find({ email: /example/ });
} catch (error) {
  console.log('refused:', (error as { code?: string }).code);
}
await mongoose.disconnect();
