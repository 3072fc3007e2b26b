import { apiSecret, email, encrypted, json, newRowId, openFields, type PlainFields } from '@bulwark/fields';
import { encryptedAttributes, encryptedIndexes, encryptSequelize } from '@bulwark/fields/sequelize';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { DataTypes, type Model, Op, Sequelize } from 'sequelize';
import { sqlite3 } from './sqlite3-on-node.ts';

// 1. What is encrypted.
const customers = encrypted('customers', {
  email: email({ search: 'unique' }),
  card: json<{ number: string; brand: string }>(['number']),
});
const slackConnections = encrypted('slack_connections', { botToken: apiSecret({ column: 'bot_token' }) });

// 2. Keys: a real application keeps them in a store, under a root of its own.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(crypto.getRandomValues(new Uint8Array(32)))] });
const fields = openFields({ keys, tables: [customers, slackConnections], scope: 'example' });

// 3. A database; here the SQLite that Node has. With the package sqlite3 there is no need of a dialectModule.
const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite3, logging: false });
encryptSequelize(sequelize, fields);

// 4. The models as Sequelize knows them.
interface Customer extends PlainFields<typeof customers> {
  id: string;
  city: string | null;
}
interface SlackConnection extends PlainFields<typeof slackConnections> {
  id: string;
  team: string;
  customer_id: string;
}
const id = { type: DataTypes.UUID, primaryKey: true, defaultValue: newRowId };
const Customer = sequelize.define<Model<Customer, Partial<Customer>>>(
  'Customer',
  { id, city: DataTypes.TEXT, ...encryptedAttributes(customers) },
  { tableName: 'customers', timestamps: false, indexes: encryptedIndexes(customers) },
);
const SlackConnection = sequelize.define<Model<SlackConnection, Partial<SlackConnection>>>(
  'SlackConnection',
  { id, team: DataTypes.TEXT, customer_id: DataTypes.UUID, ...encryptedAttributes(slackConnections) },
  { tableName: 'slack_connections', timestamps: false },
);
Customer.hasMany(SlackConnection, { as: 'connections', foreignKey: 'customer_id' });
await sequelize.sync();

// 5. Save, search and load as ever.
const ada = await Customer.create({
  city: 'London',
  email: 'Ada@example.test',
  card: { number: '4242 4242', brand: 'visa' },
});
const connection = await SlackConnection.create({ team: 'T1', botToken: 'xoxb-1', customer_id: ada.get().id });

console.log('stored:', (await sequelize.query('SELECT email, card FROM customers'))[0]);
console.log('stored:', (await sequelize.query('SELECT team, bot_token FROM slack_connections'))[0]);

const found = await Customer.findOne({ where: { email: 'ada@EXAMPLE.test' } });
console.log('found by e-mail:', found?.get('email'), found?.get('card'));

await connection.update({ botToken: 'xoxb-2' });
const withToken = await Customer.findOne({
  attributes: ['city'],
  where: { email: 'ada@example.test' },
  include: [{ model: SlackConnection, as: 'connections', attributes: ['team', 'botToken'] }],
});
console.log('with associations:', JSON.stringify(withToken));

await Customer.update({ email: 'ada@example.net' }, { where: { id: ada.get().id } });
console.log('after the change:', await Customer.count({ where: { email: 'ada@example.net' } }));

// 6. What the database could not answer never gets there.
try {
  await Customer.findAll({ where: { email: { [Op.like]: '%@example.net' } } });
} catch (error) {
  console.log('refused:', (error as { code?: string }).code);
}
await sequelize.close();
