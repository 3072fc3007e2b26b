import { type DataSource, EntitySchema, In, LessThan, Like, MoreThan, Not, Raw } from 'typeorm';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import { type ConformanceTables, CREATE_TABLES, type Customer } from '../../../testing/conformance-tables.ts';
import { typeormDataSource } from '../../../testing/typeorm-data-source.ts';
import { encryptedColumns } from './typeorm.ts';

interface SlackConnection {
  id: string;
  tenant_id: string;
  team: string;
  botToken: string | null;
}

interface ConfluenceConnection {
  id: string;
  tenant_id: string;
  site: string;
  accessToken: string | null;
}

function entitiesOf(tables: ConformanceTables) {
  const id = { type: 'varchar', length: 64, primary: true } as const;
  const tenant_id = { type: 'varchar', length: 64 } as const;
  return {
    Customers: new EntitySchema<Customer>({
      name: 'Customer',
      tableName: 'customers',
      columns: {
        id,
        tenant_id,
        city: { type: 'text', nullable: true },
        visits: { type: 'integer', nullable: true },
        ...encryptedColumns(tables.customers),
      },
    }),
    SlackConnections: new EntitySchema<SlackConnection>({
      name: 'SlackConnection',
      tableName: 'slack_connections',
      columns: { id, tenant_id, team: { type: 'text' }, ...encryptedColumns(tables.slackConnections) },
    }),
    ConfluenceConnections: new EntitySchema<ConfluenceConnection>({
      name: 'ConfluenceConnection',
      tableName: 'confluence_connections',
      columns: { id, tenant_id, site: { type: 'text' }, ...encryptedColumns(tables.confluenceConnections) },
    }),
  };
}

function adapterOf(dataSource: DataSource, entities: ReturnType<typeof entitiesOf>): AdapterUnderTest {
  const { Customers, SlackConnections, ConfluenceConnections } = entities;
  const customers = dataSource.getRepository(Customers);
  const slackConnections = dataSource.getRepository(SlackConnections);
  const confluenceConnections = dataSource.getRepository(ConfluenceConnections);
  const mark = dataSource.options.type === 'postgres' ? (at: number) => `$${at}` : () => '?';
  return {
    create: async (customer) => void (await customers.insert(customer as object)),
    createMany: async (many) => void (await customers.save(many.map((one) => customers.create(one)))),
    find: async (id) => (await customers.findOneBy({ id })) ?? undefined,
    async update(id, change) {
      const customer = await customers.findOneByOrFail({ id });
      await customers.save(customers.merge(customer, change as Partial<Customer>));
    },
    remove: async (id) => void (await customers.delete(id)),
    findByEmail: (email) => customers.findBy({ email }),
    findByEmails: (emails) => customers.find({ where: { email: In([...emails]) } }),
    findByPhone: (phone) => customers.createQueryBuilder('c').where({ phone }).getMany(),
    listByCity: (city) => customers.find({ where: { city }, order: { city: 'ASC' } }),
    unanswerable: {
      like: () => customers.findBy({ email: Like('%@example.test') }),
      'less than': () => customers.findBy({ salary: LessThan(10) }),
      'not equal': () => customers.findBy({ email: Not('x@example.test') }),
      'raw operator': () => customers.findBy({ email: Raw((column) => `${column} IS NOT NULL`) }),
      'equality without search': () => customers.findBy({ notes: 'likes tea' }),
      order: () => customers.find({ order: { name: 'ASC' } }),
      maximum: () => customers.maximum('salary' as never),
      'group by': () => customers.createQueryBuilder('c').select('c.name').groupBy('c.name').getRawMany(),
      'SQL text': () => customers.createQueryBuilder('c').where('c.email = :email', { email: 'x' }).getMany(),
      increment: () => customers.increment({ id: 'x' }, 'salary', 1),
      'delete by range': () => customers.delete({ salary: MoreThan(10) }),
    },
    createSlackConnection: async (row) => void (await slackConnections.save(row)),
    slackBotToken: async (id) => (await slackConnections.findOneBy({ id }))?.botToken,
    createConfluenceConnection: async (row) => void (await confluenceConnections.save(row)),
    confluenceAccessToken: async (id) => (await confluenceConnections.findOneBy({ id }))?.accessToken,
    async raw(table, id) {
      const [row] = await dataSource.query<Record<string, unknown>[]>(`SELECT * FROM ${table} WHERE id = ${mark(1)}`, [
        id,
      ]);
      return row!;
    },
    async setRaw(table, id, column, value) {
      await dataSource.query(`UPDATE ${table} SET ${column} = ${mark(1)} WHERE id = ${mark(2)}`, [value, id]);
    },
    close: () => dataSource.destroy(),
  };
}

forEachDatabase('TypeORM', (openUrl, engine) => {
  adapterConformance({
    name: 'encrypted entities',
    binding: 'row',
    async open({ fields }, tables) {
      const entities = entitiesOf(tables);
      const all = Object.values(entities);
      const { dataSource } = await typeormDataSource({ engine, url: await openUrl() }, fields, all, CREATE_TABLES);
      return adapterOf(dataSource, entities);
    },
  });
});
