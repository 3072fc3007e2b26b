import type { Engine } from '../../../testing/databases.ts';
import { encryptedFields } from '../src/adapters/prisma/prisma.ts';
import { bytes, date, email, json, number, phone, text } from '../src/field.ts';
import { newRowId } from '../src/new-row-id.ts';
import type { Phase } from '../src/states.ts';
import { encrypted } from '../src/table.ts';
import { type FieldsFixture, fieldsFixture } from './fields-fixture.ts';
import { openClient, type Result, type TestClient } from './prisma.ts';

/** Tables for what the conformance does not have: a compound id, relations, a record, bytes, migrations. */
export function clubTables() {
  return {
    members: encrypted(
      'members',
      {
        email: email({ search: 'unique' }),
        phone: phone({ search: { filterBits: 8 } }),
        birthday: date({
          search: 'filter',
          column: 'birthday_sealed',
          plainColumn: 'birthday',
          indexColumn: 'birthday_index',
        }),
        address: text(),
        balance: number(),
        profile: json(['taxId']),
      },
      {
        id: ['club', 'number'],
        scope: { column: 'tenant_id' },
        record: { column: 'sealed', fields: ['address', 'balance'] },
      },
    ),
    orders: encrypted(
      'orders',
      { note: bytes(), code: text({ search: 'filter' }) },
      { scope: { column: 'tenant_id' }, store: 'bytes' },
    ),
  };
}

/** Their statements; `BYTES` and `JSON` are what each database calls them. */
function createClubTables(engine: Engine): readonly string[] {
  const [bytesType, jsonType, timeType] =
    engine === 'sqlite' ? ['blob', 'jsonb', 'datetime'] : ['bytea', 'jsonb', 'timestamp(3)'];
  return [
    'CREATE TABLE shops (id varchar(64) PRIMARY KEY, title text NOT NULL UNIQUE)',
    `CREATE TABLE members (
       club varchar(64) NOT NULL, number integer NOT NULL, tenant_id varchar(64) NOT NULL, level text, email text, email_index varchar(64) UNIQUE,
       email_index_next varchar(64) UNIQUE, phone text, phone_index varchar(64), birthday ${timeType},
       birthday_sealed text, birthday_index varchar(64), profile ${jsonType}, sealed text,
       PRIMARY KEY (club, number))`,
    `CREATE TABLE orders (
       id varchar(64) PRIMARY KEY, tenant_id varchar(64), club varchar(64), number integer, shop_id varchar(64) REFERENCES shops (id),
       total integer, note ${bytesType}, code ${bytesType}, code_index ${bytesType},
       FOREIGN KEY (club, number) REFERENCES members (club, number))`,
  ];
}

export interface Club extends FieldsFixture {
  /** Without the extension: what is stored. */
  readonly base: TestClient;
  readonly prisma: TestClient;
  readonly tables: ReturnType<typeof clubTables>;
  /** Where the migration of `birthday` stands, and whether the index of `email` is being rotated. */
  readonly states: { birthday: Phase; isRotating: boolean };
  /** What the database was asked while `work` ran, with the parameters. */
  queriesOf(work: () => Promise<unknown>): Promise<string[]>;
  stored(table: 'members' | 'orders'): Promise<Result[]>;
}

/** The tables on a database, open to the tenants `north` and `south`. */
export async function openClub(generated: string, engine: Engine, url: string): Promise<Club> {
  const base = await openClient(generated, engine, url);
  for (const statement of createClubTables(engine)) await base.$executeRawUnsafe(statement);
  const tables = clubTables();
  const states: Club['states'] = { birthday: 'plain-dropped', isRotating: false };
  const fixture = fieldsFixture({
    tables: Object.values(tables),
    states: {
      phase: (_table, field) => (field === 'birthday' ? states.birthday : undefined),
      isIndexRotating: (_table, field) => field === 'email' && states.isRotating,
    },
  });
  const asked: string[] = [];
  base.$on('query', ({ query, params }) => asked.push(`${query} ${params}`));
  return {
    ...fixture,
    base,
    prisma: base.$extends(encryptedFields(fixture.fields, { Member: tables.members, Order: tables.orders })),
    tables,
    states,
    async queriesOf(work) {
      asked.length = 0;
      await work();
      return [...asked];
    },
    stored: (table) => base.$queryRawUnsafe(`SELECT * FROM ${table} ORDER BY number`),
  };
}

let lastNumber = 100;

/** A new member of `north`. */
export function member(change: Result = {}): Result {
  lastNumber += 1;
  return { club: 'c', number: lastNumber, tenantId: 'north', email: `m${lastNumber}@example.test`, ...change };
}

/** A new order in `north`. */
export function order(change: Result = {}): Result {
  return { id: newRowId(), tenantId: 'north', ...change };
}
