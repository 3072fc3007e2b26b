import { type CompiledQuery, type Kysely, sql } from 'kysely';
import { encryptedFields, type WithEncrypted } from '../src/adapters/kysely/kysely.ts';
import { email, json, name, number, text } from '../src/field.ts';
import type { FieldStates, Phase } from '../src/states.ts';
import { encrypted } from '../src/table.ts';
import { type FieldsFixture, fieldsFixture } from './fields-fixture.ts';
import { openKysely } from './kysely-database.ts';

const tenant = { column: 'tenant_id' };

/** What the adapter's own tests ask queries of. */
export const KYSELY_TABLES = {
  person: encrypted(
    'person',
    { email: email({ search: 'unique', column: 'mail' }), notes: text(), card: json<{ no?: string }>(['no']) },
    { scope: tenant },
  ),
  vault: encrypted(
    'vault',
    { login: text({ search: 'filter' }), password: text() },
    { scope: 'acme', record: { column: 'sealed', fields: ['login', 'password'] } },
  ),
  /** Has no id. */
  tag: encrypted('tag', { label: text({ search: 'filter' }) }, { scope: 'acme', bind: 'column', table: 'app.tag' }),
  /** Being migrated, in whatever phase a test says. */
  patient: encrypted(
    'patient',
    {
      name: name({ search: 'filter', column: 'name_sealed', plainColumn: 'name' }),
      weight: number({ search: { filterBits: 8 } }),
    },
    { scope: 'acme' },
  ),
};

interface Columns {
  person: { id: string; tenant_id: string; city: string | null; friend_id: string | null };
  vault: { id: string };
  tag: { person_id: string };
  patient: { id: string };
  orders: { id: string; person_id: string; email: string | null; total: number };
}
export type KyselyTables = WithEncrypted<Columns, typeof KYSELY_TABLES>;

const STATEMENTS = [
  `CREATE TABLE person (id varchar(64) PRIMARY KEY, tenant_id varchar(64) NOT NULL, city text, friend_id varchar(64),
     mail text, mail_index varchar(64) UNIQUE, notes text, card text)`,
  'CREATE TABLE vault (id varchar(64) PRIMARY KEY, login_index varchar(64), sealed text)',
  'CREATE TABLE tag (person_id varchar(64) NOT NULL, label text, label_index varchar(64))',
  `CREATE TABLE patient (id varchar(64) PRIMARY KEY, name text, name_sealed text, name_sealed_index varchar(64),
     name_sealed_index_next varchar(64), weight text, weight_index varchar(64))`,
  'CREATE TABLE orders (id varchar(64) PRIMARY KEY, person_id varchar(64), email text, total integer)',
];

export interface KyselyFixture extends FieldsFixture {
  readonly db: Kysely<KyselyTables>;
  /** Past the adapter. */
  readonly plain: Kysely<KyselyTables>;
  /** What has reached the database since the last time this was asked. */
  asked(): CompiledQuery[];
  /** Says where `patient.name` stands. */
  setPhase(phase: Phase | undefined, isIndexRotating?: boolean): void;
}

/** A database with some people in it; keys of `acme` and `globex` are at hand. */
export async function kyselyFixture(url: string): Promise<KyselyFixture> {
  let migration: { phase: Phase | undefined; isIndexRotating: boolean } = { phase: undefined, isIndexRotating: false };
  const states: FieldStates = {
    phase: (table, field) => (table === 'patient' && field === 'name' ? migration.phase : undefined),
    isIndexRotating: (table, field) => table === 'patient' && field === 'name' && migration.isIndexRotating,
  };
  const fixture = fieldsFixture({ tables: Object.values(KYSELY_TABLES), states });
  await fixture.fields.ready('acme');
  await fixture.fields.ready('globex');
  let queries: CompiledQuery[] = [];
  const plain = openKysely<KyselyTables>(url, (query) => queries.push(query));
  for (const statement of STATEMENTS) await sql.raw(statement).execute(plain);
  const db = plain.withPlugin(encryptedFields(fixture.fields));
  await db
    .insertInto('person')
    .values([
      { id: 'ada', tenant_id: 'acme', city: 'London', email: 'ada@canary.test', notes: 'canary tea', friend_id: 'bob' },
      { id: 'bob', tenant_id: 'acme', city: 'Turin', email: 'bob@canary.test', notes: null, card: { no: 'canary 42' } },
      { id: 'eve', tenant_id: 'globex', city: 'London', email: 'eve@canary.test', notes: 'canary gin' },
    ])
    .execute();
  await db
    .insertInto('orders')
    .values([
      { id: 'o1', person_id: 'ada', email: 'shop@public.test', total: 10 },
      { id: 'o2', person_id: 'bob', email: null, total: 20 },
    ])
    .execute();
  return {
    ...fixture,
    db,
    plain,
    asked() {
      const asked = queries;
      queries = [];
      return asked;
    },
    setPhase(phase, isIndexRotating = false) {
      migration = { phase, isIndexRotating };
    },
  };
}
