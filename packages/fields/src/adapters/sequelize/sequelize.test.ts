import { col, DataTypes, fn, literal, type Model, Op, QueryTypes, type Sequelize, where } from 'sequelize';
import { forEachDatabase } from '../../../../../testing/databases.ts';
import { type AdapterUnderTest, adapterConformance } from '../../../testing/adapter-conformance.ts';
import { type ConformanceTables, CREATE_TABLES, type Customer } from '../../../testing/conformance-tables.ts';
import { sequelizeConnection } from '../../../testing/sequelize-connection.ts';
import { encryptedAttributes, encryptSequelize } from './sequelize.ts';

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

function modelsOf(sequelize: Sequelize, tables: ConformanceTables) {
  const id = { type: DataTypes.STRING(64), primaryKey: true };
  const tenant_id = { type: DataTypes.STRING(64), allowNull: false };
  const options = { timestamps: false };
  return {
    customers: sequelize.define<Model<Customer>>(
      'Customer',
      { id, tenant_id, city: DataTypes.TEXT, visits: DataTypes.INTEGER, ...encryptedAttributes(tables.customers) },
      { ...options, tableName: 'customers' },
    ),
    slackConnections: sequelize.define<Model<SlackConnection>>(
      'SlackConnection',
      { id, tenant_id, team: DataTypes.TEXT, ...encryptedAttributes(tables.slackConnections) },
      { ...options, tableName: 'slack_connections' },
    ),
    confluenceConnections: sequelize.define<Model<ConfluenceConnection>>(
      'ConfluenceConnection',
      { id, tenant_id, site: DataTypes.TEXT, ...encryptedAttributes(tables.confluenceConnections) },
      { ...options, tableName: 'confluence_connections' },
    ),
  };
}

function adapterOf(sequelize: Sequelize, models: ReturnType<typeof modelsOf>): AdapterUnderTest {
  const { customers, slackConnections, confluenceConnections } = models;
  const plain = (found: readonly Model<Customer>[]) => found.map((one) => one.get({ plain: true }));
  return {
    create: async (customer) => void (await customers.create(customer)),
    createMany: async (many) => void (await customers.bulkCreate([...many])),
    find: async (id) => (await customers.findByPk(id))?.get({ plain: true }),
    async update(id, change) {
      const customer = await customers.findByPk(id, { rejectOnEmpty: true });
      await customer.update(change);
    },
    remove: async (id) => void (await customers.destroy({ where: { id } })),
    findByEmail: async (email) => plain(await customers.findAll({ where: { email } })),
    findByEmails: async (emails) => plain(await customers.findAll({ where: { email: [...emails] } })),
    findByPhone: async (phone) => plain(await customers.findAll({ where: { phone: { [Op.eq]: phone } } })),
    listByCity: async (city) => plain(await customers.findAll({ where: { city }, order: ['city'] })),
    unanswerable: {
      like: () => customers.findAll({ where: { email: { [Op.like]: '%@example.test' } } }),
      'less than': () => customers.findAll({ where: { salary: { [Op.lt]: 10 } } }),
      'not equal': () => customers.findAll({ where: { email: { [Op.ne]: 'x@example.test' } } }),
      'equality without search': () => customers.findAll({ where: { notes: 'likes tea' } }),
      order: () => customers.findAll({ order: [['name', 'DESC']] }),
      maximum: () => customers.max('salary'),
      'group by': () => customers.findAll({ attributes: ['name'], group: ['name'] }),
      'a function': () => customers.findAll({ where: where(fn('lower', col('email')), 'x') }),
      'SQL text': () => customers.findAll({ where: literal(`email = 'x'`) }),
      increment: () => customers.increment('salary', { where: { id: 'x' } }),
      'delete by range': () => customers.destroy({ where: { salary: { [Op.gt]: 10 } } }),
    },
    createSlackConnection: async (row) => void (await slackConnections.create(row)),
    slackBotToken: async (id) => (await slackConnections.findByPk(id))?.get('botToken') as string | null | undefined,
    createConfluenceConnection: async (row) => void (await confluenceConnections.create(row)),
    confluenceAccessToken: async (id) =>
      (await confluenceConnections.findByPk(id))?.get('accessToken') as string | null | undefined,
    async raw(table, id) {
      const sql = `SELECT * FROM ${table} WHERE id = $id`;
      const [row] = await sequelize.query<Record<string, unknown>>(sql, { bind: { id }, type: QueryTypes.SELECT });
      return row!;
    },
    async setRaw(table, id, column, value) {
      await sequelize.query(`UPDATE ${table} SET ${column} = $value WHERE id = $id`, { bind: { id, value } });
    },
    close: () => sequelize.close(),
  };
}

forEachDatabase('Sequelize', (openUrl, engine) => {
  adapterConformance({
    name: 'encrypted models',
    binding: 'row',
    async open({ fields }, tables) {
      const { sequelize } = await sequelizeConnection({ engine, url: await openUrl() }, CREATE_TABLES);
      return adapterOf(encryptSequelize(sequelize, fields), modelsOf(sequelize, tables));
    },
  });
});
