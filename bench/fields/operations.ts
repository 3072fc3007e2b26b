import type { EncryptedTable, Fields } from '@bulwark/fields';
import type { Kysely } from 'kysely';
import { city, customer, type Tables, type Variant } from './customers.ts';

/** What is timed: a query, or what is done for one outside the database. */
export interface Operation {
  readonly title: string;
  /** Calls in a turn. */
  readonly calls: number;
}

/** One after the other, on one connection. */
export const QUERIES = {
  lookup: { title: 'one row by e-mail', calls: 400 },
  page: { title: 'a page of 50 rows', calls: 60 },
  list: { title: 'the page: id, city, name', calls: 100 },
  clearList: { title: 'the page: id, city, visits', calls: 150 },
  insert: { title: 'insert one row', calls: 150 },
  update: { title: 'update the notes by id', calls: 150 },
} satisfies Record<string, Operation>;

/** Eight at once, over HTTP. */
export const REQUEST: Operation = { title: 'HTTP request, 8 at once', calls: 800 };

/** Without a database. */
export const STEPS = {
  compile: { title: 'Kysely: build the lookup', calls: 1000 },
  compilePage: { title: 'Kysely: build the page', calls: 1000 },
  compileInsert: { title: 'Kysely: build the insert', calls: 1000 },
  search: { title: 'cipher.search (e-mail)', calls: 2000 },
  sealRow: { title: 'cipher.sealRow', calls: 1000 },
  openRow: { title: 'cipher.openRow', calls: 1000 },
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof QUERIES | keyof typeof STEPS;

/** One call of an operation; a promise where it waits. */
export type Call = () => unknown;

/** Where the customers of a variant are, and with what they are opened. */
export interface Place {
  readonly db: Kysely<Tables>;
  readonly variant: Variant;
  readonly rows: number;
  readonly fields: Fields | undefined;
  readonly table: EncryptedTable | undefined;
}

const PAGE_ROWS = 50;

/** Looks a customer up, with the keys made ready as each request should have them. */
export async function lookUp({ db, fields }: Pick<Place, 'db' | 'fields'>, email: string) {
  await fields?.ready();
  return lookupQuery(db, email).executeTakeFirstOrThrow();
}

/** What a variant can do; the steps of sealing are not there in clear. */
export function callsOf(place: Place): Partial<Record<OperationName, Call>> {
  const { db, rows, variant, fields, table } = place;
  let inserted = rows;
  let calls = 0;
  // A prime: goes through all customers, and never through neighbours.
  const someone = () => customer((calls++ * 7919) % rows, rows);
  const page = () => db.selectFrom('customers').where('city', '=', city(calls++ * 7919, rows));
  const pageOf = (query: ReturnType<typeof page>) => query.orderBy('id').limit(PAGE_ROWS);
  const insert = () => db.insertInto('customers').values(customer(inserted++, rows));
  const cipher = table && fields?.table(table);
  const stored = cipher?.sealRow({ ...customer(0, rows) });

  return {
    lookup: () => lookUp(place, someone().email),
    async page() {
      await fields?.ready();
      return pageOf(page()).selectAll().execute();
    },
    async list() {
      await fields?.ready();
      return pageOf(page()).select(['id', 'city', 'name']).execute();
    },
    async clearList() {
      await fields?.ready();
      return pageOf(page()).select(['id', 'city', 'visits']).execute();
    },
    async insert() {
      await fields?.ready();
      await insert().execute();
    },
    async update() {
      await fields?.ready();
      const { id, email, name, phone, notes } = someone();
      const changed = `${calls} ${notes}`;
      // A record is written as a whole.
      const set = variant === 'record' ? { email, name, phone, notes: changed } : { notes: changed };
      await db.updateTable('customers').set(set).where('id', '=', id).execute();
    },
    compile: () => lookupQuery(db, someone().email).compile(),
    compilePage: () => pageOf(page()).selectAll().compile(),
    compileInsert: () => db.insertInto('customers').values(someone()).compile(),
    ...(cipher && {
      search: () => cipher.search('email', someone().email),
      sealRow: () => cipher.sealRow({ ...someone() }),
      openRow: () => cipher.openRow(stored!),
    }),
  };
}

function lookupQuery(db: Kysely<Tables>, email: string) {
  return db.selectFrom('customers').selectAll().where('email', '=', email);
}
