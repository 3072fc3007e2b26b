import { type Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import { type ConformanceTables, CREATE_TABLES } from '../../../testing/conformance-tables.ts';
import { openKysely } from '../../../testing/kysely-database.ts';
import { encryptedFields, type WithEncrypted } from './kysely.ts';

interface Columns {
  customers: { id: string; tenant_id: string; city: string | null; visits: number | null };
  slack_connections: { id: string; tenant_id: string; team: string | null };
  confluence_connections: { id: string; tenant_id: string; site: string | null };
}
type Database = WithEncrypted<
  Columns,
  {
    customers: ConformanceTables['customers'];
    slack_connections: ConformanceTables['slackConnections'];
    confluence_connections: ConformanceTables['confluenceConnections'];
  }
>;

forEachDatabase('the Kysely adapter', (openUrl) => {
  adapterConformance({
    name: 'as every adapter',
    binding: 'row',
    async open({ fields }) {
      const plain = openKysely<Database>(await openUrl());
      for (const statement of CREATE_TABLES) await sql.raw(statement).execute(plain);
      return underTest(plain.withPlugin(encryptedFields(fields)), plain);
    },
  });
});

function underTest(db: Kysely<Database>, plain: Kysely<Database>): AdapterUnderTest {
  const customers = () => db.selectFrom('customers').selectAll();
  return {
    create: async (customer) => void (await db.insertInto('customers').values(customer).execute()),
    createMany: async (many) => void (await db.insertInto('customers').values(many).execute()),
    find: (id) => customers().where('id', '=', id).executeTakeFirst(),
    update: async (id, change) =>
      void (await db.updateTable('customers').set(change).where('id', '=', id).executeTakeFirst()),
    remove: async (id) => void (await db.deleteFrom('customers').where('id', '=', id).execute()),
    findByEmail: (email) => customers().where('email', '=', email).execute(),
    findByEmails: (emails) => customers().where('email', 'in', emails).execute(),
    findByPhone: (phone) => customers().where('phone', '=', phone).execute(),
    listByCity: (city) => customers().where('city', '=', city).execute(),
    unanswerable: {
      like: () => customers().where('email', 'like', '%@example.test').execute(),
      'greater than': () => customers().where('salary', '>', 3).execute(),
      'not equal': () => customers().where('email', '!=', 'a').execute(),
      'equality without search': () => customers().where('notes', '=', 'likes tea').execute(),
      'order by': () => customers().orderBy('name').execute(),
      'group by': () => db.selectFrom('customers').select('city').groupBy(['city', 'born']).execute(),
      aggregate: () =>
        db
          .selectFrom('customers')
          .select((eb) => eb.fn.max('salary').as('most'))
          .execute(),
    },
    createSlackConnection: async (row) => void (await db.insertInto('slack_connections').values(row).execute()),
    async slackBotToken(id) {
      const query = db.selectFrom('slack_connections').select('botToken').where('id', '=', id);
      return (await query.executeTakeFirst())?.botToken;
    },
    createConfluenceConnection: async (row) =>
      void (await db.insertInto('confluence_connections').values(row).execute()),
    async confluenceAccessToken(id) {
      const query = db.selectFrom('confluence_connections').select('accessToken').where('id', '=', id);
      return (await query.executeTakeFirst())?.accessToken;
    },
    async raw(table, id) {
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)} where id = ${id}`.execute(
        plain,
      );
      return rows[0]!;
    },
    async setRaw(table, id, column, value) {
      await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${value} where id = ${id}`.execute(plain);
    },
    close: () => plain.destroy(),
  };
}
