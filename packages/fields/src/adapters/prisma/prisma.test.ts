import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type TempDir, tempDir } from '../../../../../testing/temp-dir.ts';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import { type ConformanceTables, CREATE_TABLES, type Customer } from '../../../testing/conformance-tables.ts';
import type { FieldsFixture } from '../../../testing/fields-fixture.ts';
import { generateClient, openClient, type TestClient, testSchema } from '../../../testing/prisma.ts';
import { openClub } from '../../../testing/prisma-club.ts';
import { testConditions } from '../../../testing/prisma-conditions.ts';
import { testReads } from '../../../testing/prisma-reads.ts';
import { compileApplication } from '../../../testing/prisma-types.ts';
import { testWrites } from '../../../testing/prisma-writes.ts';
import { encryptedFields } from './prisma.ts';

forEachDatabase('the Prisma extension', (openUrl, engine) => {
  let dir: TempDir;
  let generated: string;
  before(async () => {
    dir = await tempDir();
    generated = await generateClient(dir.path, await testSchema(engine));
  });
  after(() => dir.remove());

  adapterConformance({
    name: 'as every adapter',
    binding: 'row',
    async open(fixture, tables) {
      const base = await openClient(generated, engine, await openUrl());
      for (const statement of CREATE_TABLES) await base.$executeRawUnsafe(statement);
      return conform(base, fixture, tables);
    },
  });

  const openIt = async () => openClub(generated, engine, await openUrl());
  testConditions(openIt);
  testWrites(openIt);
  testReads(openIt);

  if (engine === 'sqlite') {
    test('gives rows their types', async () => assert.equal(await compileApplication(dir.path), ''));
  }
});

function conform(base: TestClient, { fields }: FieldsFixture, tables: ConformanceTables): AdapterUnderTest {
  const prisma = base.$extends(
    encryptedFields(fields, {
      Customer: tables.customers,
      SlackConnection: tables.slackConnections,
      ConfluenceConnection: tables.confluenceConnections,
    }),
  );
  const { customer } = prisma;
  const found = async (where: object) => (await customer.findMany({ where })) as unknown as Customer[];
  return {
    create: async (data) => void (await customer.create({ data })),
    createMany: async (data) => void (await customer.createMany({ data })),
    find: async (id) => ((await customer.findUnique({ where: { id } })) as Customer | null) ?? undefined,
    update: async (id, data) => void (await customer.update({ where: { id }, data })),
    remove: async (id) => void (await customer.delete({ where: { id } })),
    findByEmail: (email) => found({ email }),
    findByEmails: (emails) => found({ email: { in: emails } }),
    findByPhone: (phone) => found({ phone }),
    listByCity: async (city) =>
      (await customer.findMany({ where: { city }, orderBy: { visits: 'asc' } })) as unknown as Customer[],
    unanswerable: {
      like: () => found({ email: { contains: 'ada' } }),
      greater: () => found({ salary: { gt: 1 } }),
      'equality without search': () => found({ notes: 'x' }),
      sort: () => customer.findMany({ orderBy: { name: 'asc' } }),
    },
    createSlackConnection: async (data) => void (await prisma.slackConnection.create({ data })),
    slackBotToken: async (id) =>
      (await prisma.slackConnection.findUnique({ where: { id } }))?.botToken as string | undefined,
    createConfluenceConnection: async (data) => void (await prisma.confluenceConnection.create({ data })),
    confluenceAccessToken: async (id) =>
      (await prisma.confluenceConnection.findUnique({ where: { id } }))?.accessToken as string | undefined,
    async raw(table, id) {
      return (await base.$queryRawUnsafe(`SELECT * FROM ${table} WHERE id = $1`, id))[0]!;
    },
    async setRaw(table, id, column, value) {
      await base.$executeRawUnsafe(`UPDATE ${table} SET ${column} = $1 WHERE id = $2`, value, id);
    },
    close: () => base.$disconnect(),
  };
}
