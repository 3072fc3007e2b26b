import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { apiSecret, email, encrypted, json, newRowId, openFields } from '@bulwark/fields';
import { encryptedDb, sqliteColumns } from '@bulwark/fields/drizzle';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { eq, like, relations } from 'drizzle-orm';
import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { drizzle } from 'drizzle-orm/sqlite-proxy';

// 1. What is encrypted.
const customers = encrypted('customers', {
  email: email({ search: 'unique' }),
  card: json<{ number: string; brand: string }>(['number']),
});
const slackConnections = encrypted('slack_connections', { botToken: apiSecret({ column: 'bot_token' }) });

// 2. The tables as Drizzle knows them.
const Customer = sqliteTable('customers', {
  id: text().primaryKey().$defaultFn(newRowId),
  city: text(),
  ...sqliteColumns(customers),
});
const SlackConnection = sqliteTable('slack_connections', {
  id: text().primaryKey().$defaultFn(newRowId),
  customer: text(),
  team: text(),
  ...sqliteColumns(slackConnections),
});
const schema = {
  Customer,
  SlackConnection,
  ofCustomers: relations(Customer, ({ many }) => ({ connections: many(SlackConnection) })),
  ofConnections: relations(SlackConnection, ({ one }) => ({
    owner: one(Customer, { fields: [SlackConnection.customer], references: [Customer.id] }),
  })),
};

// 3. Keys: a real application keeps them in a store, under a root of its own.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(crypto.getRandomValues(new Uint8Array(32)))] });
const fields = openFields({ keys, tables: [customers, slackConnections], scope: 'example' });
await fields.ready();

// 4. A database; here the one that Node has.
const sqlite = new DatabaseSync(':memory:');
sqlite.exec(`
  CREATE TABLE customers (id text PRIMARY KEY, city text, email text, email_index text UNIQUE, card text);
  CREATE TABLE slack_connections (id text PRIMARY KEY, customer text, team text, bot_token text)`);
const onSqlite = drizzle(
  async (statement, params: SQLInputValue[], method) => {
    const prepared = sqlite.prepare(statement);
    prepared.setReturnArrays(true);
    const rows = prepared.all(...params) as unknown as unknown[][];
    return { rows: method === 'get' ? (rows[0] as unknown[]) : rows };
  },
  { schema },
);
const db = encryptedDb(onSqlite, fields);

// 5. Save, search and load as ever.
const [ada] = await db
  .insert(Customer)
  .values({ city: 'London', email: 'Ada@example.test', card: { number: '4242 4242', brand: 'visa' } })
  .returning();
await db.insert(SlackConnection).values({ customer: ada!.id, team: 'T1', botToken: 'xoxb-1' });

console.log('stored:', sqlite.prepare('SELECT email, card FROM customers').get());
console.log('stored:', sqlite.prepare('SELECT team, bot_token FROM slack_connections').get());

const [found] = await db.select().from(Customer).where(eq(Customer.email, 'ada@EXAMPLE.test'));
console.log('found by e-mail:', found?.email, found?.card);

const withToken = await db.query.Customer.findFirst({
  where: eq(Customer.email, 'ada@example.test'),
  columns: { city: true },
  with: { connections: { columns: { team: true, botToken: true } } },
});
console.log('with relations:', JSON.stringify(withToken));

await db.update(Customer).set({ email: 'ada@example.net' }).where(eq(Customer.id, ada!.id));
console.log('after the change:', await db.$count(Customer, eq(Customer.email, 'ada@example.net')));

// 6. What the database could not answer never gets there.
try {
  await db.select().from(Customer).where(like(Customer.email, '%@example.net'));
} catch (error) {
  console.log('refused:', (error as { code?: string }).code);
}
