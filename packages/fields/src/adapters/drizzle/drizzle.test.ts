import { and, asc, between, desc, eq, gt, ilike, inArray, like, ne, sql } from 'drizzle-orm';
import { drizzle as libsql } from 'drizzle-orm/libsql';
import { integer as pgInteger, pgTable, varchar } from 'drizzle-orm/pg-core';
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import { type Binding, type ConformanceTables, CREATE_TABLES } from '../../../testing/conformance-tables.ts';
import { drizzleOnPostgres } from '../../../testing/drizzle-postgres.ts';
import type { FieldsFixture } from '../../../testing/fields-fixture.ts';
import { encryptedDb, pgColumns, sqliteColumns } from './drizzle.ts';

function sqliteSchema({ customers, slackConnections, confluenceConnections }: ConformanceTables) {
  const own = { id: sqliteText().primaryKey(), tenant_id: sqliteText().notNull() };
  return {
    customers: sqliteTable('customers', {
      ...own,
      city: sqliteText(),
      visits: sqliteInteger(),
      ...sqliteColumns(customers),
    }),
    slack: sqliteTable('slack_connections', { ...own, team: sqliteText(), ...sqliteColumns(slackConnections) }),
    confluence: sqliteTable('confluence_connections', {
      ...own,
      site: sqliteText(),
      ...sqliteColumns(confluenceConnections),
    }),
  };
}

type Schema = ReturnType<typeof sqliteSchema>;

function pgSchema({ customers, slackConnections, confluenceConnections }: ConformanceTables) {
  const own = { id: varchar().primaryKey(), tenant_id: varchar().notNull() };
  return {
    customers: pgTable('customers', { ...own, city: varchar(), visits: pgInteger(), ...pgColumns(customers) }),
    slack: pgTable('slack_connections', { ...own, team: varchar(), ...pgColumns(slackConnections) }),
    confluence: pgTable('confluence_connections', { ...own, site: varchar(), ...pgColumns(confluenceConnections) }),
  };
}

type LibsqlDb = ReturnType<typeof libsql<Schema>>;

/** The queries of the suite; what Drizzle gives is asked when it is awaited, in the tenant of that moment. Both dialects build them alike, so they are typed for one. */
function underTest(
  db: LibsqlDb,
  { customers, slack, confluence }: Schema,
  close: () => Promise<void>,
  run: (text: string) => Promise<unknown>,
): AdapterUnderTest {
  const where = (condition: ReturnType<typeof eq>) => db.select().from(customers).where(condition);
  return {
    create: async (customer) => void (await db.insert(customers).values(customer)),
    createMany: async (rows) => void (await db.insert(customers).values([...rows])),
    find: async (id) => (await where(eq(customers.id, id)))[0],
    update: async (id, change) => void (await db.update(customers).set(change).where(eq(customers.id, id))),
    remove: async (id) => void (await db.delete(customers).where(eq(customers.id, id))),
    findByEmail: async (email) => await where(eq(customers.email, email)),
    findByEmails: async (emails) => await where(inArray(customers.email, [...emails])),
    findByPhone: async (phone) => await where(eq(customers.phone, phone)),
    listByCity: (city) => db.select().from(customers).where(eq(customers.city, city)).orderBy(asc(customers.visits)),
    unanswerable: {
      'equality without search': () => where(eq(customers.notes, 'x')),
      inequality: () => where(ne(customers.email, 'x')),
      like: () => where(like(customers.email, '%x%')),
      ilike: () => where(ilike(customers.email, '%x%')),
      range: () => where(gt(customers.salary, 1)),
      between: () => where(between(customers.salary, 1, 2)),
      'like among others': () => where(and(eq(customers.city, 'x'), like(customers.email, 'x'))!),
      order: () => db.select().from(customers).orderBy(desc(customers.email)),
      group: () => db.select({ n: sql`count(*)` }).from(customers).groupBy(customers.email),
      distinct: () => db.selectDistinct({ email: customers.email }).from(customers),
      aggregate: () => db.select({ max: sql`max(${customers.salary})` }).from(customers),
      raw: () => where(sql`lower(${customers.email}) = 'x'`),
      'raw text': () => where(sql`lower(email) = 'x'`),
      'column with column': () => where(eq(customers.email, customers.notes)),
      placeholder: () => where(eq(customers.email, sql.placeholder('email'))),
    },
    createSlackConnection: async (row) => void (await db.insert(slack).values(row)),
    slackBotToken: async (id) => (await db.select().from(slack).where(eq(slack.id, id)))[0]?.botToken,
    createConfluenceConnection: async (row) => void (await db.insert(confluence).values(row)),
    confluenceAccessToken: async (id) =>
      (await db.select().from(confluence).where(eq(confluence.id, id)))[0]?.accessToken,
    raw: async (table, id) =>
      ((await run(`SELECT * FROM ${table} WHERE id = '${id}'`)) as Record<string, unknown>[])[0]!,
    async setRaw(table, id, column, value) {
      const text = value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`;
      await run(`UPDATE ${table} SET ${column} = ${text} WHERE id = '${id}'`);
    },
    close,
  };
}

forEachDatabase('drizzle', (openUrl, engine) => {
  async function open({ fields }: FieldsFixture, tables: ConformanceTables): Promise<AdapterUnderTest> {
    const url = await openUrl();
    if (engine === 'sqlite') {
      const schema = sqliteSchema(tables);
      const db = encryptedDb(libsql({ connection: { url: `file:${url}` }, schema }), fields);
      for (const statement of CREATE_TABLES) await db.run(statement);
      return underTest(
        db,
        schema,
        async () => db.$client.close(),
        (text) => db.all(text),
      );
    }
    const schema = pgSchema(tables);
    const db = encryptedDb(drizzleOnPostgres(url, schema), fields);
    for (const statement of CREATE_TABLES) await db.execute(statement);
    const alike = { db: db as unknown as LibsqlDb, schema: schema as unknown as Schema };
    return underTest(
      alike.db,
      alike.schema,
      () => db.$client.end(),
      async (text) => (await db.execute(text)).rows,
    );
  }

  for (const binding of ['row', 'column'] satisfies Binding[]) {
    adapterConformance({ name: `bound to the ${binding}`, binding, open });
  }
});
