// Encrypted columns in Kysely: run it with `node packages/fields/examples/kysely/main.ts`.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { generateKey } from '@bulwark/crypto';
import { apiSecret, email, encrypted, json, newRowId, openFields } from '@bulwark/fields';
import { encryptedFields, type WithEncrypted } from '@bulwark/fields/kysely';
import { localRoot, memoryStore, openKeys } from '@bulwark/keyring';
import { Kysely, SqliteDialect, sql } from 'kysely';

const scope = { column: 'tenant_id' };
const declared = {
  customers: encrypted(
    'customers',
    { email: email({ search: 'unique' }), card: json<{ number: string; brand: string }>(['number']) },
    { scope },
  ),
  slack_connections: encrypted('slack_connections', { botToken: apiSecret({ column: 'bot_token' }) }, { scope }),
  confluence_connections: encrypted(
    'confluence_connections',
    { accessToken: apiSecret({ column: 'access_token' }) },
    { scope },
  ),
};
interface Columns {
  customers: { id: string; tenant_id: string; city: string | null };
  slack_connections: { id: string; tenant_id: string; customer_id: string; team: string };
  confluence_connections: { id: string; tenant_id: string; site: string };
}
type Database = WithEncrypted<Columns, typeof declared>;

// In earnest: a root in a KMS or a file, and a store in the database.
const keys = openKeys({ store: memoryStore(), roots: [localRoot(generateKey())] });
const fields = openFields({ keys, tables: Object.values(declared), scope: 'acme' });
// Queries are built without waiting: the keys must be at hand. With many tenants, at the start of each request.
await fields.ready();

const plain = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite(':memory:') }) });
const db = plain.withPlugin(encryptedFields(fields));

for (const statement of [
  `CREATE TABLE customers (id text PRIMARY KEY, tenant_id text NOT NULL, city text,
     email text, email_index text UNIQUE, card text)`,
  `CREATE TABLE slack_connections (id text PRIMARY KEY, tenant_id text NOT NULL, customer_id text NOT NULL,
     team text NOT NULL, bot_token text)`,
  `CREATE TABLE confluence_connections (id text PRIMARY KEY, tenant_id text NOT NULL, site text NOT NULL,
     access_token text)`,
]) {
  await sql.raw(statement).execute(plain);
}

const ada = newRowId();
const slack = newRowId();
await db
  .insertInto('customers')
  .values({
    id: ada,
    tenant_id: 'acme',
    city: 'London',
    email: 'Ada@example.test',
    card: { number: '4242 4242', brand: 'visa' },
  })
  .execute();
await db.transaction().execute(async (trx) => {
  const connection = { id: slack, tenant_id: 'acme', customer_id: ada, team: 'T1', botToken: 'xoxb-1' };
  await trx.insertInto('slack_connections').values(connection).execute();
  const wiki = { id: newRowId(), tenant_id: 'acme', site: 'wiki', accessToken: 'ATATT-1' };
  await trx.insertInto('confluence_connections').values(wiki).execute();
});

console.log('stored:', await plain.selectFrom('customers').selectAll().execute());
console.log('stored:', await plain.selectFrom('slack_connections').selectAll().execute());

const found = await db
  .selectFrom('customers')
  .innerJoin('slack_connections', 'slack_connections.customer_id', 'customers.id')
  .select(['customers.email', 'customers.card', 'slack_connections.botToken as token'])
  .where('customers.email', '=', 'ada@EXAMPLE.test')
  .executeTakeFirstOrThrow();
console.log('found by e-mail:', found.email, found.card, found.token);

const changed = await db
  .updateTable('slack_connections')
  .set({ botToken: 'xoxb-2' })
  .where('id', '=', slack)
  .returning('botToken')
  .executeTakeFirstOrThrow();
console.log('after the change:', changed.botToken);
const confluence = await db.selectFrom('confluence_connections').selectAll().execute();
console.log('access token:', confluence[0]?.accessToken);

try {
  await db.selectFrom('customers').selectAll().orderBy('email').execute();
} catch (error) {
  console.log('refused:', (error as { code?: string }).code);
}
await plain.destroy();

/** node:sqlite in the shape that Kysely's driver expects. */
function sqlite(file: string) {
  const database = new DatabaseSync(file);
  return {
    close: () => database.close(),
    prepare(text: string) {
      const statement = database.prepare(text);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      };
    },
  };
}
