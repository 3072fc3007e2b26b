import { email, encrypted, name, phone, text } from '@bulwark/fields';
import { type Kysely, sql } from 'kysely';

/* The table that every variant has, and the customers in it: the same ones each time. */

/** A customer as the application knows him. */
export interface Customer {
  readonly id: string;
  readonly city: string;
  readonly visits: number;
  readonly email: string;
  readonly name: string;
  readonly phone: string;
  /** 200 bytes. */
  readonly notes: string;
}

export interface Tables {
  customers: Customer;
}

/** How the customers are stored. */
export type Variant = 'clear' | 'sealed' | 'bytes' | 'a256gcm' | 'record';

export const VARIANTS: Readonly<Record<Variant, string>> = {
  clear: 'Kysely without the plugin',
  sealed: 'four fields, each sealed as text',
  bytes: 'four fields, each sealed as bytes',
  a256gcm: 'four fields as text, under a key of the suite A256GCM instead of XAES-256-GCM',
  record: 'one seal for the four of a row, as text',
};

const NOTES_BYTES = 200;
const CUSTOMERS_OF_A_CITY = 100;

const fieldsOfCustomers = {
  email: email({ search: 'unique' }),
  name: name(),
  phone: phone({ search: 'filter' }),
  notes: text(),
};

/** What is declared for a variant; nothing where all is in clear. */
export function declarationOf(variant: Variant) {
  switch (variant) {
    case 'clear':
      return undefined;
    case 'sealed':
    case 'a256gcm':
      return encrypted('customers', fieldsOfCustomers);
    case 'bytes':
      return encrypted('customers', fieldsOfCustomers, { store: 'bytes' });
    case 'record':
      return encrypted('customers', fieldsOfCustomers, {
        record: { column: 'sealed', fields: ['email', 'name', 'phone', 'notes'] },
      });
  }
}

export async function createTable(db: Kysely<Tables>, variant: Variant, isPostgres: boolean): Promise<void> {
  const stored = variant !== 'bytes' ? 'text' : isPostgres ? 'bytea' : 'blob';
  const columns = variant === 'record' ? ['sealed'] : ['email', 'name', 'phone', 'notes'];
  const indexes = ['email_index', 'phone_index'];
  const [unique, filter] = variant === 'clear' ? ['email', 'phone'] : indexes;
  const all = variant === 'clear' ? columns : [...columns, ...indexes];
  const statements = [
    `CREATE TABLE customers (id text PRIMARY KEY, city text NOT NULL, visits integer NOT NULL,
       ${all.map((column) => `${column} ${stored}`).join(', ')})`,
    'CREATE INDEX customers_city ON customers (city, id)',
    `CREATE UNIQUE INDEX customers_email ON customers (${unique})`,
    `CREATE INDEX customers_phone ON customers (${filter})`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const FIRST = ['Ada', 'Grace', 'Barbara', 'Edsger', 'Niklaus', 'Margaret', 'Katherine', 'Tony'];
const LAST = ['Lovelace', 'Hopper', 'Liskov', 'Dijkstra', 'Wirth', 'Hamilton', 'Johnson', 'Hoare'];
const NOTE = 'Prefers to be called in the morning; was sent the new price list and asks for an offer. ';

/** The customer of a number. */
export function customer(number: number, rows: number): Customer {
  return {
    id: `019aab12-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    city: city(number, rows),
    visits: number % 50,
    email: `customer.${number}@example.test`,
    name: `${FIRST[number % FIRST.length]} ${LAST[(number >> 3) % LAST.length]}`,
    phone: `+44 20 ${String(10_000_000 + number)}`,
    notes: `${number}: ${NOTE.repeat(3)}`.slice(0, NOTES_BYTES),
  };
}

/** The city of a customer; each has a hundred of the first `rows`. */
export function city(number: number, rows: number): string {
  return `City ${number % Math.ceil(rows / CUSTOMERS_OF_A_CITY)}`;
}
