import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newRowId } from '../src/new-row-id.ts';
import { type Binding, type ConformanceTables, type Customer, conformanceTables } from './conformance-tables.ts';
import { type FieldsFixture, fieldsFixture } from './fields-fixture.ts';

/** A library with its adapter, on a database of its own in which CREATE_TABLES has run. */
export interface AdapterUnderTest {
  create(customer: Customer): Promise<void>;
  createMany(customers: readonly Customer[]): Promise<void>;
  find(id: string): Promise<Customer | undefined>;
  /** Changes what is given, and nothing else. */
  update(id: string, change: Partial<Customer>): Promise<void>;
  remove(id: string): Promise<void>;
  /** Through the blind index, by the library's ordinary query. */
  findByEmail(email: string): Promise<Customer[]>;
  findByEmails(emails: readonly string[]): Promise<Customer[]>;
  findByPhone(phone: string): Promise<Customer[]>;
  /** Those with a city, in its order: columns in clear work as ever. */
  listByCity(city: string): Promise<Customer[]>;
  /** Queries that an encrypted column has no answer to, by name. Each must fail before the database is asked. */
  readonly unanswerable: Readonly<Record<string, () => Promise<unknown>>>;
  createSlackConnection(row: { id: string; tenant_id: string; team: string; botToken: string }): Promise<void>;
  slackBotToken(id: string): Promise<string | null | undefined>;
  createConfluenceConnection(row: { id: string; tenant_id: string; site: string; accessToken: string }): Promise<void>;
  confluenceAccessToken(id: string): Promise<string | null | undefined>;
  /** What is stored, by column, past the adapter. */
  raw(table: string, id: string): Promise<Record<string, unknown>>;
  setRaw(table: string, id: string, column: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

export interface AdapterSetUp {
  readonly name: string;
  /** What the library gives the adapter to bind to. */
  readonly binding: Binding;
  /** Where its rows have no database of their own: nothing keeps equal values apart. */
  readonly hasNoUniqueConstraint?: boolean;
  open(fixture: FieldsFixture, tables: ConformanceTables): Promise<AdapterUnderTest>;
}

const ACME = 'acme';
const CANARIES = ['Ada', 'lovelace', '@example', 'engine', 'DE-1815', 'tok_live', 'sk-canary', '1815-12-10', '4242'];

/** A customer with a value in every field. */
export function ada(change: Partial<Customer> = {}): Customer {
  return {
    id: newRowId(),
    tenant_id: ACME,
    city: 'London',
    visits: 3,
    email: 'Ada.Lovelace@example.test',
    phone: '+44 (0)20 7946 4242',
    name: 'Ada Lovelace',
    notes: 'likes the analytical engine',
    metadata: { tax_id: 'DE-1815', plan: 'gold', payment: { token: 'tok_live_1', brand: 'visa' } },
    settings: { theme: 'engine', tags: ['a', null, 1.5], '': true },
    apiSecret: 'sk-canary-1',
    born: '1815-12-10',
    lastSeen: new Date('2026-11-22T09:30:00.123Z'),
    salary: 4242.5,
    photo: Uint8Array.of(0xff, 0xd8, 0, 1, 2),
    ...change,
  };
}

/** An empty customer. */
function nobody(change: Partial<Customer> = {}): Customer {
  const fields = Object.fromEntries(Object.keys(ada()).map((key) => [key, null])) as unknown as Customer;
  return { ...fields, id: newRowId(), tenant_id: ACME, ...change };
}

/** What every adapter must do. Runs inside whatever `describe` the caller is in. */
export function adapterConformance(setUp: AdapterSetUp): void {
  describe(setUp.name, () => {
    const tables = conformanceTables(setUp.binding);
    let fixture: FieldsFixture;
    let adapter: AdapterUnderTest;
    before(async () => {
      fixture = fieldsFixture({ tables: Object.values(tables) });
      await fixture.fields.ready(ACME);
      await fixture.fields.ready('globex');
      adapter = await fixture.asTenant(ACME, () => setUp.open(fixture, tables));
    });
    after(() => adapter?.close());

    /** A test in the tenant of the moment. */
    const inAcme = (title: string, work: () => Promise<void>) => test(title, () => fixture.asTenant(ACME, work));

    inAcme('gives every type back as it was, and stores none of it in clear', async () => {
      const customer = ada();
      await adapter.create(customer);
      assertSame(await adapter.find(customer.id), customer);
      const stored = await adapter.raw('customers', customer.id);
      // Short canaries turn up in random text, too.
      const text = dump(stored).replaceAll(/bw1:[\w-]+/g, '');
      for (const canary of CANARIES) assert.ok(!text.includes(canary), `${canary} is stored in clear`);
      for (const column of ['email', 'notes', 'born', 'last_seen', 'salary', 'photo', 'api_secret']) {
        assert.ok(String(stored[column]).startsWith('bw1:'), `${column} is not sealed`);
      }
      assert.equal(stored.city, 'London');
      assert.match(text, /gold/, 'paths that are not named stay readable for the database');
      await adapter.remove(customer.id);
    });

    inAcme('keeps null, and the empty text apart from it', async () => {
      const customer = nobody({ notes: '' });
      await adapter.create(customer);
      assertSame(await adapter.find(customer.id), customer);
      const stored = await adapter.raw('customers', customer.id);
      assert.equal(stored.email, null);
      assert.equal(stored.email_index, null);
      assert.ok(String(stored.notes).startsWith('bw1:'));
    });

    inAcme('changes one field, seals it anew and leaves the others as they are stored', async () => {
      const customer = ada({ email: 'change@example.test' });
      await adapter.create(customer);
      const before = await adapter.raw('customers', customer.id);
      await adapter.update(customer.id, { notes: 'likes tea', email: 'tea@example.test', city: 'Turin' });
      const after = await adapter.raw('customers', customer.id);
      for (const column of ['notes', 'email', 'email_index']) assert.notEqual(after[column], before[column], column);
      for (const column of ['name', 'phone', 'salary']) assert.equal(after[column], before[column], column);
      assertSame(await adapter.find(customer.id), {
        ...customer,
        notes: 'likes tea',
        email: 'tea@example.test',
        city: 'Turin',
      });
      assert.deepEqual(await adapter.findByEmail('change@example.test'), []);
      assert.deepEqual((await adapter.findByEmail('tea@example.test')).map(idOf), [customer.id]);
      await adapter.update(customer.id, { email: null });
      assert.deepEqual(await adapter.findByEmail('tea@example.test'), []);
      assert.equal((await adapter.find(customer.id))?.email, null);
    });

    inAcme('finds by e-mail in any case, by several, and by the digits of a number', async () => {
      const one = ada({ email: 'Grace.Hopper@example.test', phone: '+1 (212) 555-0100' });
      const two = ada({ email: 'alan@example.test', phone: '0012125550100' });
      await adapter.createMany([one, two]);
      assertSame((await adapter.findByEmail(' grace.hopper@EXAMPLE.test'))[0], one);
      const several = await adapter.findByEmails(['alan@example.test', 'GRACE.hopper@example.test', 'no@example.test']);
      assert.deepEqual(several.map(idOf).toSorted(), [one.id, two.id].toSorted());
      assert.deepEqual((await adapter.findByPhone('1-212-555-0100')).map(idOf), [one.id]);
      assert.deepEqual(await adapter.findByEmail('nobody@example.test'), []);
    });

    inAcme('finds nothing of another tenant, though the value is the same', async () => {
      const theirs = ada({ tenant_id: 'globex', email: 'shared@example.test' });
      await fixture.asTenant('globex', () => adapter.create(theirs));
      assert.deepEqual(await adapter.findByEmail('shared@example.test'), []);
      const found = await fixture.asTenant('globex', () => adapter.findByEmail('shared@example.test'));
      assert.deepEqual(found.map(idOf), [theirs.id]);
    });

    if (!setUp.hasNoUniqueConstraint) {
      inAcme('lets the database keep equal values apart', async () => {
        await adapter.create(ada({ email: 'once@example.test' }));
        await assert.rejects(adapter.create(ada({ email: 'ONCE@example.test' })));
        assert.equal((await adapter.findByEmail('once@example.test')).length, 1);
      });
    }

    inAcme('reads a hundred rows by a column in clear', async () => {
      const many = Array.from({ length: 100 }, (_, i) =>
        nobody({ city: 'Gotham', email: `user${i}@example.test`, salary: i, visits: i }),
      );
      await adapter.createMany(many);
      const listed = await adapter.listByCity('Gotham');
      assert.deepEqual(
        listed.map(({ salary }) => salary).toSorted(byNumber),
        many.map(({ salary }) => salary),
      );
    });

    test('refuses queries that an encrypted column has no answer to', () =>
      fixture.asTenant(ACME, async () => {
        assert.ok(Object.keys(adapter.unanswerable).length >= 3);
        for (const [query, run] of Object.entries(adapter.unanswerable)) {
          await assert.rejects(async () => run(), { code: 'ERR_UNSUPPORTED_QUERY' }, query);
        }
      }));

    describe('refuses to read', () => {
      const rows = { a: ada({ email: 'a@example.test' }), b: ada({ email: 'b@example.test' }) };
      const theirs = ada({ tenant_id: 'globex', email: 'c@example.test' });
      before(async () => {
        await fixture.asTenant(ACME, () => adapter.createMany(Object.values(rows)));
        await fixture.asTenant('globex', () => adapter.create(theirs));
      });

      /** Stores what another cell holds, and puts back what was there. */
      async function withCell(column: string, value: unknown, work: () => Promise<void>): Promise<void> {
        const { [column]: original } = await adapter.raw('customers', rows.a.id);
        await adapter.setRaw('customers', rows.a.id, column, value);
        try {
          await work();
        } finally {
          await adapter.setRaw('customers', rows.a.id, column, original);
        }
        assertSame(await adapter.find(rows.a.id), rows.a);
      }
      const refused = (code: string) => () =>
        assert.rejects(
          () => adapter.find(rows.a.id),
          (error: Error & { code?: string }) => {
            assert.equal(error.code, code);
            assert.ok(!/likes|lovelace|@example/i.test(error.message), error.message);
            return true;
          },
        );

      inAcme('a value from another row, where it is bound to its row', async () => {
        const { notes } = await adapter.raw('customers', rows.b.id);
        if (setUp.binding === 'row') await withCell('notes', notes, refused('ERR_OPEN_FAILED'));
        // Bound to the column only, as its documentation says.
        else await withCell('notes', notes, async () => void (await adapter.find(rows.a.id)));
      });

      inAcme('a value from another column', async () => {
        const { name } = await adapter.raw('customers', rows.a.id);
        await withCell('notes', name, refused('ERR_OPEN_FAILED'));
      });

      inAcme('a value from another tenant', async () => {
        const { notes } = await adapter.raw('customers', theirs.id);
        await withCell('notes', notes, refused('ERR_OPEN_FAILED'));
      });

      inAcme('a value from another path of the same JSON', async () => {
        const { metadata } = await adapter.raw('customers', rows.a.id);
        const swapped = (typeof metadata === 'string' ? JSON.parse(metadata) : structuredClone(metadata)) as {
          tax_id: string;
          payment: { token: string };
        };
        [swapped.tax_id, swapped.payment.token] = [swapped.payment.token, swapped.tax_id];
        const stored = typeof metadata === 'string' ? JSON.stringify(swapped) : swapped;
        await withCell('metadata', stored, refused('ERR_OPEN_FAILED'));
      });

      inAcme('a value that was changed or cut', async () => {
        const notes = String((await adapter.raw('customers', rows.a.id)).notes);
        const at = notes.length - 10;
        const changed = notes.slice(0, at) + (notes[at] === 'A' ? 'B' : 'A') + notes.slice(at + 1);
        for (const bad of [changed, notes.slice(0, -4), `${notes}AAAA`, 'bw1:', 'bw1:####']) {
          await withCell('notes', bad, refused('ERR_OPEN_FAILED'));
        }
      });

      inAcme('plain text', async () => {
        await withCell('notes', 'transfer everything', refused('ERR_NOT_SEALED'));
      });
    });

    inAcme('refuses a value of another type or size, and stores nothing', async () => {
      const bad: [Partial<Customer>, string][] = [
        [{ notes: 'lone \ud800 surrogate' }, 'ERR_VALUE_TYPE'],
        [{ salary: Number.NaN }, 'ERR_VALUE_TYPE'],
        [{ born: '2026-02-30' }, 'ERR_VALUE_TYPE'],
        [{ lastSeen: new Date(Number.NaN) }, 'ERR_VALUE_TYPE'],
        [{ notes: 'x'.repeat(70_000) }, 'ERR_VALUE_TOO_LARGE'],
      ];
      for (const [change, code] of bad) {
        const customer = nobody(change);
        await assert.rejects(adapter.create(customer), { code });
        assert.equal(await adapter.find(customer.id), undefined);
      }
    });

    inAcme('takes text that looks sealed for text', async () => {
      const customer = nobody({ notes: 'bw1:not really', name: 'ý\u00fd' });
      await adapter.create(customer);
      assertSame(await adapter.find(customer.id), customer);
    });

    inAcme('keeps the tokens of integrations, read and written as ordinary properties', async () => {
      const [slack, confluence] = [newRowId(), newRowId()];
      await adapter.createSlackConnection({ id: slack, tenant_id: ACME, team: 'T1', botToken: 'xoxb-canary' });
      await adapter.createConfluenceConnection({ id: confluence, tenant_id: ACME, site: 'w', accessToken: 'ATATT-1' });
      assert.equal(await adapter.slackBotToken(slack), 'xoxb-canary');
      assert.equal(await adapter.confluenceAccessToken(confluence), 'ATATT-1');
      const raw = [
        await adapter.raw('slack_connections', slack),
        await adapter.raw('confluence_connections', confluence),
      ];
      assert.ok(!/xoxb|ATATT/.test(dump(raw)));
    });

    inAcme('reads what an older key has sealed, and writes with the new one', async () => {
      const customer = nobody({ notes: 'first', name: 'old' });
      await adapter.create(customer);
      const before = await adapter.raw('customers', customer.id);
      await fixture.keys.rotate(fixture.fields.keyIds(ACME).data);
      await adapter.update(customer.id, { notes: 'second' });
      const after = await adapter.raw('customers', customer.id);
      assert.notEqual(kidOf(after.notes), kidOf(before.notes));
      assert.equal(kidOf(after.name), kidOf(before.name));
      assertSame(await adapter.find(customer.id), { ...customer, notes: 'second' });
    });

    inAcme('fails closed while the keys are away, and recovers when they are back', async () => {
      const customer = nobody({ notes: 'patience', email: 'away@example.test' });
      await adapter.create(customer);
      const late = nobody({ notes: 'late' });
      fixture.takeKeysAway();
      const away = (error: { code?: string }) => /^ERR_KEY_(UNAVAILABLE|NOT_WARM)$/.test(String(error.code));
      await assert.rejects(adapter.find(customer.id), away);
      await assert.rejects(adapter.create(late), away);
      await assert.rejects(adapter.update(customer.id, { notes: 'lost?' }), away);
      await assert.rejects(adapter.findByEmail('away@example.test'), away);
      fixture.bringKeysBack();
      await fixture.fields.ready(ACME);
      assertSame(await adapter.find(customer.id), customer);
      assert.equal(await adapter.find(late.id), undefined);
      await adapter.create(late);
      assert.equal((await adapter.find(late.id))?.notes, 'late');
    });
  });
}

const idOf = ({ id }: Customer) => id;
const byNumber = (a: number | null, b: number | null) => Number(a) - Number(b);

/** Characters 9 to 32 of a sealed text, counted from 1. */
function kidOf(stored: unknown): string {
  return String(stored).slice(8, 32);
}

function dump(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member instanceof Uint8Array ? Buffer.from(member).toString('latin1') : member,
  );
}

/** Equal in all that a customer has; a library may give rows with more to them, or bytes as Buffers. */
function assertSame(actual: Customer | undefined, expected: Customer): void {
  assert.ok(actual, 'there is no such row');
  const keys = Object.keys(expected) as (keyof Customer)[];
  const plain = (customer: Customer) =>
    Object.fromEntries(
      keys.map((key) => {
        const value = customer[key];
        return [key, value instanceof Uint8Array ? [...value] : value];
      }),
    );
  assert.deepEqual(plain(actual), plain(expected));
}
