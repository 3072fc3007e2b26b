import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFernetKey, generateKey, sealFernet } from '@bulwark/crypto';
import fc from 'fast-check';
import { type AdapterUnderTest, adapterConformance } from '../testing/adapter-conformance.ts';
import type { ConformanceTables, Customer } from '../testing/conformance-tables.ts';
import { type FieldsFixture, fieldsFixture } from '../testing/fields-fixture.ts';
import { bigint, boolean, bytes, date, day, email, json, name, number, phone, text } from './field.ts';
import { bcryptHash, fernet, plainText } from './legacy.ts';
import type { Row } from './row-id.ts';
import type { FieldStates, Phase } from './states.ts';
import { encrypted } from './table.ts';
import { type TableCipher, unsupported } from './table-cipher.ts';

/* The cipher without any library: rows of a map, found by walking over them. */
adapterConformance({
  name: 'rows in a map',
  binding: 'row',
  open: async (fixture, tables) => rowsInMaps(fixture, tables),
});
adapterConformance({
  name: 'rows in a map, bound to columns',
  binding: 'column',
  open: async (fixture, tables) => rowsInMaps(fixture, tables),
});

function rowsInMaps({ fields }: FieldsFixture, tables: ConformanceTables): AdapterUnderTest {
  const stored = new Map<string, Map<string, Record<string, unknown>>>();
  const rowsOf = (table: string) => {
    const rows = stored.get(table) ?? new Map<string, Record<string, unknown>>();
    stored.set(table, rows);
    return rows;
  };
  const customers = fields.table(tables.customers);
  const slack = fields.table(tables.slackConnections);
  const confluence = fields.table(tables.confluenceConnections);
  const open = (row: Row) => customers.openRow(row) as unknown as Customer;

  function insert(cipher: TableCipher, row: Row): void {
    const sealed = cipher.sealRow(row);
    const rows = rowsOf(cipher.table.table);
    const isTaken = [...rows.values()].some((other) => other.email_index && other.email_index === sealed.email_index);
    if (isTaken) throw new Error('UNIQUE constraint failed: email_index');
    rows.set(String(row.id), sealed);
  }
  function find(field: string, value: unknown): Customer[] {
    const { alternatives } = customers.search(field, value);
    const matches = (row: Row) => alternatives.some(({ column, values }) => values.includes(row[column]));
    return [...rowsOf('customers').values()].filter(matches).map(open);
  }
  return {
    create: async (customer) => insert(customers, { ...customer }),
    createMany: async (many) => {
      for (const customer of many) insert(customers, { ...customer });
    },
    async find(id) {
      const row = rowsOf('customers').get(id);
      return row && open(row);
    },
    async update(id, change) {
      const row = rowsOf('customers').get(id)!;
      Object.assign(row, customers.sealRow({ ...change }, { row: { id, tenant_id: row.tenant_id } }));
    },
    remove: async (id) => void rowsOf('customers').delete(id),
    findByEmail: async (value) => find('email', value),
    findByEmails: async (values) => values.flatMap((value) => find('email', value)),
    findByPhone: async (value) => find('phone', value),
    listByCity: async (city) => [...rowsOf('customers').values()].filter((row) => row.city === city).map(open),
    unanswerable: {
      'a field without search': async () => customers.search('notes', 'x'),
      null: async () => customers.search('email', null),
      like: async () => {
        throw unsupported(tables.customers, 'email', 'has no LIKE');
      },
    },
    createSlackConnection: async (row) => insert(slack, row),
    slackBotToken: async (id) => slack.openRow(rowsOf('slack_connections').get(id)!).botToken,
    createConfluenceConnection: async (row) => insert(confluence, row),
    confluenceAccessToken: async (id) => confluence.openRow(rowsOf('confluence_connections').get(id)!).accessToken,
    raw: async (table, id) => ({ ...rowsOf(table).get(id) }),
    setRaw: async (table, id, column, value) => {
      rowsOf(table).get(id)![column] = value;
    },
    close: async () => {},
  };
}

const KNOWN = { scope: 'acme', row: { id: '7' } };

async function open<const T extends Parameters<typeof encrypted>[1]>(
  declared: T,
  options: Parameters<typeof encrypted>[2] = {},
  states?: FieldStates,
) {
  const table = encrypted('person', declared, options);
  const fixture = fieldsFixture({ tables: [table], ...(states && { states }) });
  await fixture.fields.ready('acme');
  return { ...fixture, table, cipher: fixture.fields.table(table) };
}

describe('values of every type come back', () => {
  const declared = {
    t: text(),
    n: number(),
    i: bigint(),
    b: boolean(),
    at: date(),
    on: day(),
    raw: bytes(),
    j: json(),
    padded: name(),
  };
  const arbitraries: Record<keyof typeof declared, fc.Arbitrary<unknown>> = {
    t: fc.string({ unit: 'binary' }),
    n: fc.double({ noNaN: true, noDefaultInfinity: true }),
    i: fc.bigInt(),
    b: fc.boolean(),
    at: fc.date({ noInvalidDate: true, min: new Date(-62_135_596_800_000), max: new Date('9999-12-31') }),
    on: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
      .map((d) => d.toISOString().slice(0, 10)),
    raw: fc.uint8Array(),
    j: fc.jsonValue(),
    padded: fc.string({ unit: 'grapheme' }),
  };
  for (const store of ['text', 'bytes'] as const) {
    for (const field of Object.keys(declared) as (keyof typeof declared)[]) {
      test(`${field}, stored as ${store}`, async () => {
        const { cipher } = await open(declared, { store });
        fc.assert(
          fc.property(arbitraries[field], (value) => {
            const stored = cipher.sealRow({ id: '7', [field]: value }, KNOWN);
            const opened = cipher.openRow(stored, KNOWN)[field];
            const plain = (of: unknown) => (of instanceof Uint8Array ? [...of] : JSON.parse(JSON.stringify([of], big)));
            assert.deepEqual(plain(opened), plain(value));
            if (typeof value === 'number') assert.ok(Object.is(opened, value));
          }),
          { numRuns: 50 },
        );
      });
    }
  }
  const big = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
});

test('a day is the same day in every time zone', async () => {
  const { cipher } = await open({ born: day() });
  const before = process.env.TZ;
  try {
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC']) {
      process.env.TZ = zone;
      assert.equal(cipher.openRow(cipher.sealRow({ born: '1815-12-10' }, KNOWN), KNOWN).born, '1815-12-10');
      // As drivers give a DATE column: midnight here.
      assert.equal(cipher.table.fields.born.type.fromPlain(new Date(1815, 11, 10)), '1815-12-10');
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

describe('names', () => {
  test('in the database may change; what is stored still opens', async () => {
    const { cipher, again } = await open({ email: email({ search: 'unique' }) });
    const stored = cipher.sealRow({ email: 'a@example.test' }, KNOWN);
    const renamed = encrypted('person', { email: email({ search: 'unique', column: 'mail' }) }, { table: 'people' });
    const later = again({ tables: [renamed] }).table(renamed);
    const row = { mail: stored.email, mail_index: stored.email_index };
    assert.equal(later.openRow(row, KNOWN).email, 'a@example.test');
    assert.deepEqual(later.search('email', 'A@example.test', KNOWN).alternatives, [
      { column: 'mail_index', values: [stored.email_index] },
    ]);
  });

  test('of before open what was sealed under them', async () => {
    const { cipher, again } = await open({ notes: text(), meta: json(['tax_id']) });
    const stored = cipher.sealRow({ notes: 'n', meta: { tax_id: 't' } }, KNOWN);
    const renamed = encrypted(
      'customer',
      {
        remarks: text({ column: 'notes', formerNames: ['notes'] }),
        metadata: json(['tax_id'], { column: 'meta', formerNames: ['meta'] }),
      },
      { formerNames: ['person'] },
    );
    const later = again({ tables: [renamed] }).table(renamed);
    assert.deepEqual(later.openRow(stored, KNOWN), { remarks: 'n', metadata: { tax_id: 't' } });
    const other = encrypted('customer', { remarks: text({ column: 'notes' }) });
    assert.throws(
      () =>
        again({ tables: [other] })
          .table(other)
          .openRow(stored, KNOWN),
      { code: 'ERR_OPEN_FAILED' },
    );
  });
});

describe('binding', () => {
  test('to the row is no weaker than declared: a value that is bound to its column only is refused', async () => {
    const { cipher, again } = await open({ notes: text() }, { bind: 'column' });
    const stored = cipher.sealRow({ notes: 'n' }, KNOWN);
    const strict = encrypted('person', { notes: text() });
    assert.throws(
      () =>
        again({ tables: [strict] })
          .table(strict)
          .openRow(stored, KNOWN),
      { code: 'ERR_OPEN_FAILED' },
    );
    const moving = encrypted('person', { notes: text() }, { bindFloor: 'column' });
    assert.equal(
      again({ tables: [moving] })
        .table(moving)
        .openRow(stored, KNOWN).notes,
      'n',
    );
  });

  test('of a field to its row is no weaker where its table is bound to columns', async () => {
    const { cipher, again } = await open({ notes: text() }, { bind: 'column' });
    const stored = cipher.sealRow({ notes: 'n' }, KNOWN);
    const stricter = encrypted('person', { notes: text({ bind: 'row' }) }, { bind: 'column' });
    const later = again({ tables: [stricter] }).table(stricter);
    assert.throws(() => later.openRow(stored, KNOWN), { code: 'ERR_OPEN_FAILED' });
  });

  test('wants the id of the row before it is stored', async () => {
    const { cipher } = await open({ notes: text() });
    assert.throws(() => cipher.sealRow({ notes: 'n' }, { scope: 'acme' }), { code: 'ERR_ROW_ID_MISSING' });
    assert.throws(() => cipher.sealRow({ id: null, notes: 'n' }, { scope: 'acme' }), { code: 'ERR_ROW_ID_MISSING' });
    const stored = cipher.sealRow({ notes: 'n' }, KNOWN);
    assert.throws(() => cipher.openRow({ notes: stored.notes }, { scope: 'acme' }), { code: 'ERR_ROW_ID_MISSING' });
  });

  test('takes a UUID in either case, also as a part of an id', async () => {
    const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
    for (const columns of [['id'], ['id', 'part']]) {
      const { cipher } = await open({ notes: text() }, { id: columns });
      const stored = cipher.sealRow({ id, part: 1, notes: 'n' }, { scope: 'acme' });
      assert.equal(cipher.openRow({ ...stored, id: id.toLowerCase() }, { scope: 'acme' }).notes, 'n');
    }
  });

  test('takes ids of several columns, of numbers and of other forms, as drivers give them', async () => {
    const { cipher } = await open({ notes: text() }, { id: ['a', 'b'] });
    const stored = cipher.sealRow({ a: 1n, b: 'x', notes: 'n' }, { scope: 'acme' });
    assert.equal(cipher.openRow({ ...stored, a: '1' }, { scope: 'acme' }).notes, 'n');
    for (const moved of [{ a: 2 }, { b: 'y' }, { a: '1"', b: 'x' }]) {
      assert.throws(() => cipher.openRow({ ...stored, ...moved }, { scope: 'acme' }), { code: 'ERR_OPEN_FAILED' });
    }
  });

  test('to a tenant is by the row, the call or the default, and never by none', async () => {
    const { cipher, fields } = await open({ notes: text() }, { scope: { column: 'tenant' } });
    await fields.ready('globex');
    const stored = cipher.sealRow({ id: '7', tenant: 'acme', notes: 'n' });
    assert.equal(cipher.openRow(stored).notes, 'n');
    assert.throws(() => cipher.openRow({ ...stored, tenant: 'globex' }), { code: 'ERR_OPEN_FAILED' });
    assert.throws(() => cipher.openRow({ id: '7', notes: stored.notes }), { code: 'ERR_SCOPE_MISSING' });
  });
});

describe('a value is refused', () => {
  test('at ten megabytes where its field takes less, and taken where it takes more', async () => {
    const large = 'x'.repeat(10 * 1024 * 1024);
    const { cipher } = await open({ notes: text(), blob: bytes(), big: text({ maxBytes: 11 * 1024 * 1024 }) });
    assert.throws(() => cipher.sealRow({ notes: large }, KNOWN), { code: 'ERR_VALUE_TOO_LARGE' });
    assert.throws(() => cipher.sealRow({ blob: Buffer.alloc(17 * 1024 * 1024) }, KNOWN), {
      code: 'ERR_VALUE_TOO_LARGE',
    });
    const stored = cipher.sealRow({ big: large, blob: Buffer.from(large) }, KNOWN);
    const opened = cipher.openRow(stored, KNOWN);
    assert.equal(opened.big, large);
    assert.equal(opened.blob?.length, large.length);
  });

  const wrong: [string, unknown][] = [
    ['t', 7],
    ['t', 'lone \udc00'],
    ['n', Number.POSITIVE_INFINITY],
    ['n', '7'],
    ['on', '2026-13-01'],
    ['on', '2026-11-22T00:00'],
    ['at', '2026-11-22'],
    ['raw', 'bytes'],
    ['j', undefined as unknown],
    ['j', () => 1],
    ['j', 1n],
  ];
  for (const [field, value] of wrong) {
    test(`that is not of its type: ${field} ← ${typeof value} ${String(value).slice(0, 20).toWellFormed()}`, async () => {
      const { cipher } = await open({ t: text(), n: number(), on: day(), at: date(), raw: bytes(), j: json() });
      if (value === undefined) assert.deepEqual(cipher.sealRow({ [field]: value }, KNOWN), {});
      else assert.throws(() => cipher.sealRow({ [field]: value }, KNOWN), { code: 'ERR_VALUE_TYPE' });
    });
  }

  test('with an error that does not show it', async () => {
    const { cipher } = await open({ on: day(), secret: text({ maxBytes: 4 }) });
    for (const row of [{ on: 'canary' }, { secret: 'canary' }]) {
      assert.throws(
        () => cipher.sealRow(row, KNOWN),
        (error: Error) => !`${error.message}${error.stack}`.includes('canary'),
      );
    }
  });
});

test('a value of another type than before fails to open with an error that does not show it', async () => {
  const { cipher, again } = await open({ a: text(), b: text() });
  const stored = cipher.sealRow({ a: 'canary', b: 'canary' }, KNOWN);
  const changed = encrypted('person', { a: json(), b: bigint() });
  const later = again({ tables: [changed] }).table(changed);
  for (const column of ['a', 'b']) {
    assert.throws(
      () => later.openRow({ [column]: stored[column] }, KNOWN),
      (error: Error & { code?: string }) =>
        error.code === 'ERR_VALUE_TYPE' && !`${error.message}${error.stack}`.includes('canary'),
    );
  }
});

describe('JSON paths', () => {
  const declared = { meta: json(['cards.*.number', 'owner.tax', 'top']) };

  test('seal what they name, in arrays and objects, and nothing else', async () => {
    const { cipher } = await open(declared);
    const meta = { top: 1, owner: { tax: null, name: 'n' }, cards: [{ number: '1' }, { number: '2', kind: 'k' }, 'x'] };
    const stored = cipher.sealRow({ meta }, KNOWN);
    const inDatabase = JSON.parse(String(stored.meta)) as typeof meta;
    assert.equal(inDatabase.owner.name, 'n');
    assert.equal(inDatabase.owner.tax, null);
    assert.ok(String(inDatabase.top).startsWith('bw1:'));
    assert.deepEqual(cipher.openRow(stored, KNOWN).meta, meta);
    // As a driver gives a jsonb column.
    assert.deepEqual(cipher.openRow({ meta: inDatabase }, KNOWN).meta, meta);
  });

  test('bind each value to its place', async () => {
    const { cipher } = await open(declared);
    const stored = JSON.parse(
      String(cipher.sealRow({ meta: { cards: [{ number: '1' }, { number: '2' }] } }, KNOWN).meta),
    ) as { cards: unknown[] };
    stored.cards.reverse();
    assert.throws(() => cipher.openRow({ meta: stored }, KNOWN), { code: 'ERR_OPEN_FAILED' });
    assert.throws(() => cipher.openRow({ meta: { top: 'plain' } }, KNOWN), { code: 'ERR_NOT_SEALED' });
  });

  test('cannot reach a prototype, and members called like one stay members', async () => {
    for (const path of ['__proto__.x', 'a.constructor', 'a..b', '', '*']) {
      assert.throws(() => encrypted('person', { meta: json([path]) }), { code: 'ERR_DECLARATION' });
    }
    const { cipher } = await open(declared);
    const meta = JSON.parse('{"__proto__":{"polluted":true},"top":"x","cards":[{"number":{"__proto__":1}}]}') as object;
    const opened = cipher.openRow(cipher.sealRow({ meta }, KNOWN), KNOWN).meta as object;
    assert.equal(JSON.stringify(opened), JSON.stringify(meta));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.equal(Object.getPrototypeOf(opened), Object.prototype);
  });
});

describe('a record', () => {
  const declared = { name: name(), born: day(), photo: bytes(), email: email({ search: 'unique' }) };
  const record = { column: 'sealed', fields: ['name', 'born', 'photo', 'email'] };
  const ada = { name: 'Ada', born: '1815-12-10', photo: null, email: 'ada@example.test' };

  test('is one sealed column, searchable as ever', async () => {
    const { cipher } = await open(declared, { record });
    const stored = cipher.sealRow({ id: '7', ...ada }, KNOWN);
    assert.deepEqual(Object.keys(stored).toSorted(), ['email_index', 'id', 'sealed']);
    assert.deepEqual(cipher.openRow(stored, KNOWN), { id: '7', ...ada });
    assert.deepEqual(cipher.search('email', 'ADA@example.test', KNOWN).alternatives, [
      { column: 'email_index', values: [stored.email_index] },
    ]);
  });

  test('that is null has null fields', async () => {
    const { cipher } = await open(declared, { record });
    assert.deepEqual(cipher.openRow({ id: '7', sealed: null }, KNOWN), {
      id: '7',
      name: null,
      born: null,
      photo: null,
      email: null,
    });
  });

  test('is changed as a whole', async () => {
    const { cipher } = await open(declared, { record });
    assert.throws(() => cipher.sealRow({ name: 'Ada' }, KNOWN), { code: 'ERR_RECORD_PARTIAL' });
  });

  test('may get more fields later: they are null in what was stored before', async () => {
    const { cipher, again } = await open(declared, { record });
    const stored = cipher.sealRow({ id: '7', ...ada }, KNOWN);
    const more = encrypted(
      'person',
      { ...declared, phone: phone() },
      { record: { column: 'sealed', fields: ['phone', ...record.fields] } },
    );
    assert.deepEqual(
      again({ tables: [more] })
        .table(more)
        .openRow(stored, KNOWN),
      { id: '7', ...ada, phone: null },
    );
  });

  test('opens in its own row only', async () => {
    const { cipher } = await open(declared, { record });
    const stored = cipher.sealRow({ id: '7', ...ada }, KNOWN);
    assert.throws(() => cipher.openRow({ ...stored, id: '8' }, KNOWN), { code: 'ERR_OPEN_FAILED' });
  });
});

describe('search', () => {
  test('by a shortened index finds too much, which is dropped after opening', async () => {
    const { cipher } = await open({ city: text({ search: { filterBits: 8 }, normaliser: 'caseless' }) });
    const rows = Array.from({ length: 2000 }, (_, i) => cipher.sealRow({ id: '7', city: `city ${i}` }, KNOWN));
    const { alternatives, isExact } = cipher.search('city', 'City 7', KNOWN);
    assert.equal(isExact, false);
    const found = rows.filter((row) => alternatives[0]!.values.includes(row.city_index));
    assert.ok(found.length > 1 && found.length < 40, `${found.length} rows`);
    const opened = found.map((row) => cipher.openRow(row, KNOWN));
    assert.deepEqual(
      cipher.keepMatches(opened, 'city', 'CITY 7').map(({ city }) => city),
      ['city 7'],
    );
  });

  test('while an index key is rotated goes by both versions, in both columns', async () => {
    const rotating = { phase: () => undefined, isIndexRotating: () => isRotating };
    let isRotating = false;
    const { cipher, keys, fields } = await open({ email: email({ search: 'unique' }) }, {}, rotating);
    const first = cipher.sealRow({ email: 'a@example.test' }, KNOWN);
    assert.deepEqual(Object.keys(first), ['email', 'email_index']);
    const { index: id } = fields.keyIds('acme');
    const next = await keys.rotate(id, { activatesAt: Date.now() + 1e9 });
    isRotating = true;
    const second = cipher.sealRow({ email: 'a@example.test' }, KNOWN);
    assert.equal(second.email_index, first.email_index);
    assert.notEqual(second.email_index_next, second.email_index);
    const during = cipher.search('email', 'a@example.test', KNOWN).alternatives;
    assert.deepEqual(during, [
      { column: 'email_index', values: [second.email_index, second.email_index_next] },
      { column: 'email_index_next', values: [second.email_index, second.email_index_next] },
    ]);
    await keys.activate(id, next);
    const third = cipher.sealRow({ email: 'a@example.test' }, KNOWN);
    assert.equal(third.email_index, second.email_index_next);
    assert.equal(third.email_index_next, second.email_index_next);
    assert.deepEqual(cipher.writtenColumnsOf('email'), ['email', 'email_index', 'email_index_next']);
  });

  test('shows equal values only to who has the key of the tenant', async () => {
    const { cipher, fields } = await open({ email: email({ search: 'unique' }) });
    await fields.ready('globex');
    const indexOf = (scope: string) => cipher.indexOf('email', 'a@example.test', { scope }).email_index;
    assert.equal(indexOf('acme'), indexOf('acme'));
    assert.notEqual(indexOf('acme'), indexOf('globex'));
  });

  test('is not offered for types that would tell too much', () => {
    for (const field of [boolean(), json(), bytes()]) {
      assert.throws(() => encrypted('person', { f: { ...field, search: 'filter' } }), { code: 'ERR_DECLARATION' });
    }
  });
});

describe('phases of a migration', () => {
  let phase: Phase | undefined;
  const states: FieldStates = { phase: () => phase, isIndexRotating: () => false };
  const beside = { email: email({ search: 'unique', column: 'email_sealed', plainColumn: 'email' }) };
  const written: [Phase, string[]][] = [
    ['plain', ['email']],
    ['dual-writing', ['email', 'email_sealed', 'email_sealed_index']],
    ['backfilled', ['email', 'email_sealed', 'email_sealed_index']],
    ['encrypted-only', ['email', 'email_sealed', 'email_sealed_index']],
    ['plain-dropped', ['email_sealed', 'email_sealed_index']],
  ];
  for (const [now, columns] of written) {
    test(`${now}: writes, reads and searches where the values are`, async () => {
      phase = now;
      const { cipher } = await open(beside, {}, states);
      const stored = cipher.sealRow({ id: '7', email: 'A@example.test' }, KNOWN);
      assert.deepEqual(
        Object.keys(stored)
          .filter((column) => column !== 'id')
          .toSorted(),
        columns,
      );
      assert.deepEqual(cipher.writtenColumnsOf('email').toSorted(), columns);
      assert.equal(
        stored.email ?? null,
        ['plain', 'dual-writing', 'backfilled'].includes(now) ? 'A@example.test' : null,
      );
      assert.deepEqual(cipher.openRow(stored, KNOWN), { id: '7', email: 'A@example.test' });
      const [alternative] = cipher.search('email', 'A@example.test', KNOWN).alternatives;
      assert.ok(alternative!.values.includes(stored[alternative!.column]));
    });
  }

  test('none recorded: nothing is read or written, since it is not known where', async () => {
    phase = undefined;
    const { cipher } = await open(beside, {}, states);
    assert.throws(() => cipher.sealRow({ id: '7', email: 'a' }, KNOWN), { code: 'ERR_MIGRATION_STATE' });
    assert.throws(() => cipher.openRow({ id: '7', email: 'a' }, KNOWN), { code: 'ERR_MIGRATION_STATE' });
    assert.throws(() => cipher.search('email', 'a', KNOWN), { code: 'ERR_MIGRATION_STATE' });
  });

  test('a row that was written in clear after the backfill is not lost, and is told of', async () => {
    phase = 'backfilled';
    const { cipher, events, fields } = await open(beside, {}, states);
    assert.equal(cipher.openRow({ id: '7', email: 'late', email_sealed: null }, KNOWN).email, 'late');
    assert.deepEqual(fields.metrics().legacyReads, { 'person.email drift': 1 });
    assert.equal(events.at(-1)?.reason, 'drift');
  });

  test('in place: both are read until the column is encrypted only, then plain text is an error', async () => {
    const { cipher } = await open({ notes: text({ search: 'filter', legacy: [plainText()] }) }, {}, states);
    phase = 'plain';
    assert.deepEqual(cipher.sealRow({ notes: 'n' }, KNOWN), { notes: 'n' });
    assert.throws(() => cipher.sealRow({ notes: 'bw1:x' }, KNOWN), { code: 'ERR_VALUE_LOOKS_SEALED' });
    const raw = await open({ photo: bytes({ legacy: [plainText()] }) }, { store: 'bytes' }, states);
    const marked = { photo: Buffer.from([0xfd, 1]) };
    assert.throws(() => raw.cipher.sealRow(marked, KNOWN), { code: 'ERR_VALUE_LOOKS_SEALED' });
    for (const next of ['dual-writing', 'backfilled'] as const) {
      phase = next;
      assert.match(String(cipher.sealRow({ notes: 'bw1:x' }, KNOWN).notes), /^bw1:/);
      assert.equal(cipher.openRow({ notes: 'n' }, KNOWN).notes, 'n');
    }
    phase = 'dual-writing';
    assert.deepEqual(cipher.search('notes', 'n', KNOWN).alternatives.at(-1), { column: 'notes', values: ['n'] });
    for (const done of ['encrypted-only', undefined] as const) {
      phase = done;
      assert.throws(() => cipher.openRow({ notes: 'n' }, KNOWN), { code: 'ERR_NOT_SEALED' });
    }
  });
});

describe('legacy values', () => {
  const keys = [generateKey(), generateKey()];
  const declared = { token: text({ legacy: [fernet(keys), bcryptHash()] }) };
  const hash = `$2b$12$${'a'.repeat(53)}`;

  test('of Fernet open with any key of the ring, and are counted', async () => {
    const { cipher, fields } = await open(declared);
    for (const key of keys) {
      const token = sealFernet(key, Buffer.from('xoxb-1'), 1_700_000_000);
      assert.equal(cipher.openRow({ token }, KNOWN).token, 'xoxb-1');
    }
    assert.deepEqual(fields.metrics().legacyReads, { 'person.token fernet': 2 });
  });

  test('of another Fernet key, and altered ones, are refused', async () => {
    const { cipher } = await open(declared);
    const token = sealFernet(generateKey(), Buffer.from('xoxb-1'), 1_700_000_000);
    assert.throws(() => cipher.openRow({ token }, KNOWN), { code: 'ERR_NOT_SEALED' });
    assert.ok(encodeFernetKey(keys[0]!).length === 44);
  });

  test('that are bcrypt hashes are left alone', async () => {
    const { cipher } = await open(declared);
    assert.equal(cipher.openRow({ token: hash }, KNOWN).token, hash);
    assert.throws(() => cipher.openRow({ token: `${hash}x` }, KNOWN), { code: 'ERR_NOT_SEALED' });
  });
});

describe('a declaration is refused', () => {
  const wrong: [string, () => unknown][] = [
    ['a column that is used for two things', () => encrypted('t', { a: text(), b: text({ column: 'a' }) })],
    ['an index on a column that is there', () => encrypted('t', { a: text({ search: 'filter' }), a_index: text() })],
    ['the id as a field', () => encrypted('t', { id: text() })],
    ['a record of unknown fields', () => encrypted('t', { a: text() }, { record: { column: 'r', fields: ['b'] } })],
    ['a path inside of another one', () => encrypted('t', { a: json(['card', 'card.number']) })],
    ['a path that may be inside of another one', () => encrypted('t', { a: json(['*.number', 'card.number.first']) })],
    ['no fields', () => encrypted('t', {})],
    ['a strange name', () => encrypted('t', { 'a b': text() })],
    ['a prototype for a name', () => encrypted('t', Object.fromEntries([['__proto__', text()]]))],
    ['too few bits', () => encrypted('t', { a: text({ search: { filterBits: 4 } }) })],
  ];
  for (const [why, declare] of wrong) test(why, () => assert.throws(declare, { code: 'ERR_DECLARATION' }));
});

test('logs show no sealed value, no encrypted field and no secret', async () => {
  const { cipher, fields } = await open({ email: email({ search: 'unique' }), meta: json(['payment.token']) });
  const row = { id: '7', email: 'canary@example.test', meta: { payment: { token: 'canary', brand: 'visa' } } };
  const stored = cipher.sealRow(row, KNOWN);
  const error = Object.assign(new Error(`duplicate ${String(stored.email)}`), { row });
  const logged = JSON.stringify(
    fields.redact({ row, stored, list: [error], note: null, sealed: Buffer.from([0xfd, 1]) }),
  );
  assert.ok(!logged.includes('canary') && !logged.includes('bw1:'), logged);
  assert.match(logged, /"brand":"visa"/);
  assert.match(logged, /duplicate \[sealed\]/);
});

test('health tells when keys are away and when they are back', async () => {
  const { fields, takeKeysAway, bringKeysBack, events } = await open({ notes: text() });
  assert.deepEqual(fields.health(), { state: 'ok', reason: null, scopes: ['acme'] });
  takeKeysAway();
  await assert.rejects(fields.ready('acme'), { code: 'ERR_KEY_UNAVAILABLE' });
  assert.deepEqual(fields.health(), { state: 'keys-away', reason: 'ERR_KEY_UNAVAILABLE', scopes: [] });
  bringKeysBack();
  await fields.ready('acme');
  assert.equal(fields.health().state, 'ok');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['keys-ready', 'keys-away', 'keys-ready', 'keys-back'],
  );
});

test('reading makes no keys for tenants that somebody has put into rows', async () => {
  const { fields, keys } = await open({ notes: text() });
  await assert.rejects(fields.ready('nobody', 'read'), { code: 'ERR_KEY_NOT_FOUND' });
  assert.deepEqual(await keys.list('nobody'), []);
  assert.equal(fields.health().state, 'ok');
});

test('a column in clear that is called like a field does not stand in its place', async () => {
  const { cipher } = await open({ notes: text({ column: 'notes_sealed' }) });
  const stored = { ...cipher.sealRow({ notes: 'genuine' }, KNOWN), notes: 'forged' };
  assert.equal(cipher.openRow(stored, KNOWN).notes, 'genuine');
  assert.equal(cipher.openRow({ notes: 'forged' }, KNOWN).notes, undefined);
});

test('a column called like a prototype is a column', async () => {
  const { cipher } = await open({ notes: text() });
  const row = JSON.parse('{"__proto__":"x","notes":"n"}') as object;
  const stored = cipher.sealRow({ ...row }, KNOWN);
  assert.ok(Object.hasOwn(stored, '__proto__') && Object.hasOwn(cipher.openRow(stored, KNOWN), '__proto__'));
});

test('metrics tell what was done, what failed and how old the keys are', async () => {
  const { cipher, fields } = await open({ email: email({ search: 'unique' }), notes: text() });
  const stored = cipher.sealRow({ email: 'a@example.test', notes: 'n' }, KNOWN);
  cipher.openRow(stored, KNOWN);
  cipher.search('email', 'a@example.test', KNOWN);
  assert.throws(() => cipher.openRow({ notes: stored.email }, KNOWN), { code: 'ERR_OPEN_FAILED' });
  assert.deepEqual(fields.metrics(), {
    sealed: { 'person.email': 1, 'person.notes': 1 },
    opened: { 'person.email': 1, 'person.notes': 1 },
    searched: { 'person.email': 1 },
    failures: { 'person.notes ERR_OPEN_FAILED': 1 },
    legacyReads: {},
  });
  const ages = await fields.keyAges();
  assert.deepEqual(
    ages.map(({ scope, name, version }) => `${scope} ${name} ${version}`),
    ['acme fields 1', 'acme index 1'],
  );
  assert.ok(ages.every(({ ageSeconds }) => ageSeconds >= 0 && ageSeconds < 60));
});

test('a value of another table, and one whose suite or binding was changed, does not open', async () => {
  const other = encrypted('company', { notes: text() });
  const { cipher, again, table } = await open({ notes: text() });
  const stored = cipher.sealRow({ notes: 'n' }, KNOWN);
  const both = again({ tables: [table, other] });
  assert.throws(() => both.table(other).openRow(stored, KNOWN), { code: 'ERR_OPEN_FAILED' });
  const bytes = Buffer.from(String(stored.notes).slice(4), 'base64url');
  for (const [at, value] of [
    [1, 0x01], // A256GCM
    [1, 0x03], // deterministic
    [1, 0x10], // Fernet
    [1, 0x7f], // unknown
    [2, 0x00], // bound to the tenant only
    [2, 0x01], // to the column only
    [2, 0x0a], // padded
    [2, 0x82], // a flag of the future
    [3, bytes[3]! ^ 1], // another key
  ] as const) {
    const changed = Buffer.from(bytes);
    changed[at] = value;
    const notes = `bw1:${changed.toString('base64url')}`;
    assert.throws(() => cipher.openRow({ notes }, KNOWN), { code: 'ERR_OPEN_FAILED' }, `byte ${at} = ${value}`);
  }
});

test('a stolen index key opens nothing, and a stolen data key finds nothing', async () => {
  const { cipher, keys, fields } = await open({ email: email({ search: 'unique' }) });
  const { data, index } = fields.keyIds('acme');
  const stored = cipher.sealRow({ email: 'a@example.test' }, KNOWN);
  const cell = { table: 'person', column: 'email', row: '7' };
  assert.throws(() => keys.openFieldSync(index, cell, Buffer.from(String(stored.email_index), 'base64url')));
  const column = { table: 'person', column: 'email', name: 'equality', normaliser: 'email' } as const;
  assert.throws(() => keys.blindIndexSync(data, column, 'a@example.test'), { code: 'ERR_KEY_STATE' });
});
