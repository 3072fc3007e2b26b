import { apiSecret, bytes, date, day, email, json, name, number, phone, text } from '../src/field.ts';
import { encrypted } from '../src/table.ts';

/** How an adapter can bind values. */
export type Binding = 'row' | 'column';

/** The tables that every adapter is tested with. `city` and `visits` of a customer are stored in clear. */
export function conformanceTables(bind: Binding) {
  return {
    customers: encrypted(
      'customers',
      {
        email: email({ search: 'unique' }),
        phone: phone({ search: 'filter' }),
        name: name(),
        notes: text(),
        metadata: json<Metadata>(['tax_id', 'payment.token']),
        settings: json(),
        apiSecret: apiSecret({ column: 'api_secret' }),
        born: day(),
        lastSeen: date({ column: 'last_seen' }),
        salary: number(),
        photo: bytes(),
      },
      { bind, scope: { column: 'tenant_id' } },
    ),
    slackConnections: encrypted(
      'slack_connections',
      { botToken: apiSecret({ column: 'bot_token' }) },
      { bind, scope: { column: 'tenant_id' } },
    ),
    confluenceConnections: encrypted(
      'confluence_connections',
      { accessToken: apiSecret({ column: 'access_token' }) },
      { bind, scope: { column: 'tenant_id' } },
    ),
  };
}

export type ConformanceTables = ReturnType<typeof conformanceTables>;

export interface Metadata {
  readonly tax_id?: string;
  readonly plan?: string;
  readonly payment?: { readonly token?: string; readonly brand?: string };
}

/** A customer as the application knows it. */
export interface Customer {
  id: string;
  tenant_id: string;
  city: string | null;
  visits: number | null;
  email: string | null;
  phone: string | null;
  name: string | null;
  notes: string | null;
  metadata: Metadata | null;
  settings: unknown;
  apiSecret: string | null;
  born: string | null;
  lastSeen: Date | null;
  salary: number | null;
  photo: Uint8Array | null;
}

/** One statement each, for SQLite and PostgreSQL alike. */
export const CREATE_TABLES: readonly string[] = [
  `CREATE TABLE customers (
     id varchar(64) PRIMARY KEY, tenant_id varchar(64) NOT NULL, city text, visits integer,
     email text, email_index varchar(64) UNIQUE, phone text, phone_index varchar(64), name text, notes text,
     metadata text, settings text, api_secret text, born text, last_seen text, salary text, photo text)`,
  'CREATE INDEX customers_phone ON customers (phone_index)',
  'CREATE TABLE slack_connections (id varchar(64) PRIMARY KEY, tenant_id varchar(64) NOT NULL, team text, bot_token text)',
  `CREATE TABLE confluence_connections (
     id varchar(64) PRIMARY KEY, tenant_id varchar(64) NOT NULL, site text, access_token text)`,
];
