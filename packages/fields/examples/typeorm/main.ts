import { apiSecret, email, encrypted, json, newRowId, openFields, type PlainFields } from '@bulwark/fields';
import { encryptDataSource, encryptedColumns } from '@bulwark/fields/typeorm';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { DataSource, EntitySchema, Like } from 'typeorm';

// 1. What is encrypted.
const customers = encrypted('customers', {
  email: email({ search: 'unique' }),
  card: json<{ number: string; brand: string }>(['number']),
});
const slackConnections = encrypted('slack_connections', { botToken: apiSecret({ column: 'bot_token' }) });

// 2. The entities as TypeORM knows them.
interface Customer extends PlainFields<typeof customers> {
  id: string;
  city: string | null;
  connections?: SlackConnection[];
}
interface SlackConnection extends PlainFields<typeof slackConnections> {
  id: string;
  team: string;
  customer?: Pick<Customer, 'id'>;
}
const id = { type: 'varchar', primary: true } as const;
const Customer = new EntitySchema<Customer>({
  name: 'Customer',
  tableName: 'customers',
  columns: { id, city: { type: 'text', nullable: true }, ...encryptedColumns(customers) },
  relations: { connections: { type: 'one-to-many', target: 'SlackConnection', inverseSide: 'customer' } },
});
const SlackConnection = new EntitySchema<SlackConnection>({
  name: 'SlackConnection',
  tableName: 'slack_connections',
  columns: { id, team: { type: 'text' }, ...encryptedColumns(slackConnections) },
  relations: { customer: { type: 'many-to-one', target: 'Customer', inverseSide: 'connections', joinColumn: true } },
});

// 3. Keys: a real application keeps them in a store, under a root of its own.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(crypto.getRandomValues(new Uint8Array(32)))] });
const fields = openFields({ keys, tables: [customers, slackConnections], scope: 'example' });

// 4. A database; here SQLite in memory, whose tables TypeORM makes.
const dataSource = new DataSource({ type: 'sqljs', entities: [Customer, SlackConnection], synchronize: true });
await encryptDataSource(dataSource, fields).initialize();

// 5. Save, search and load as ever.
const people = dataSource.getRepository(Customer);
const ada = await people.save({
  id: newRowId(),
  city: 'London',
  email: 'Ada@example.test',
  card: { number: '4242 4242', brand: 'visa' },
});
const connections = dataSource.getRepository(SlackConnection);
const connection = await connections.save({ id: newRowId(), team: 'T1', botToken: 'xoxb-1', customer: ada });

console.log('stored:', await dataSource.query('SELECT email, card FROM customers'));
console.log('stored:', await dataSource.query('SELECT team, bot_token FROM slack_connections'));

const found = await people.findOneBy({ email: 'ada@EXAMPLE.test' });
console.log('found by e-mail:', found?.email, found?.card);

connection.botToken = 'xoxb-2';
await connections.save(connection);
const [withToken] = await people.find({
  select: { city: true, connections: { team: true, botToken: true } },
  where: { email: 'ada@example.test' },
  relations: { connections: true },
});
console.log('with relations:', JSON.stringify(withToken));

await people.update(ada.id, { email: 'ada@example.net' });
console.log('after the change:', await people.countBy({ email: 'ada@example.net' }));

// 6. What the database could not answer never gets there.
try {
  await people.findBy({ email: Like('%@example.net') });
} catch (error) {
  console.log('refused:', (error as { code?: string }).code);
}
await dataSource.destroy();
