import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { forEachDatabase } from '../../../testing/databases.ts';
import { kyselyDialect } from '../../../testing/kysely-dialect.ts';
import { CREATE_TABLES, conformanceTables } from '../testing/conformance-tables.ts';
import { type FieldsFixture, fieldsFixture } from '../testing/fields-fixture.ts';
import type { AnyDatabase } from './jobs/sql-engine.ts';

const ROWS = 5_000;

forEachDatabase('an equality search', (openUrl, engine) => {
  const { customers } = conformanceTables('row');
  let db: AnyDatabase;
  let fixture: FieldsFixture;
  before(async () => {
    db = new Kysely({ dialect: kyselyDialect(await openUrl()) });
    for (const statement of CREATE_TABLES) await sql.raw(statement).execute(db);
    fixture = fieldsFixture({ tables: [customers] });
    await fixture.fields.ready('acme');
    const cipher = fixture.fields.table(customers);
    const rows = Array.from({ length: ROWS }, (_, i) =>
      cipher.sealRow({ id: `row ${i}`, tenant_id: 'acme', email: `user${i}@example.test`, phone: `020 ${i}` }),
    );
    for (let from = 0; from < ROWS; from += 500) {
      await db
        .insertInto('customers')
        .values(rows.slice(from, from + 500))
        .execute();
    }
    await sql.raw('ANALYZE customers').execute(db);
  });
  after(() => db.destroy());

  for (const [field, value] of [
    ['email', 'USER77@example.test'],
    ['phone', '020 77'],
  ] as const) {
    test(`for ${field} uses the index, and finds one row of ${ROWS}`, async () => {
      const [alternative] = fixture.fields.table(customers).search(field, value, { scope: 'acme' }).alternatives;
      const { column, values } = alternative!;
      const query = sql`SELECT id FROM customers WHERE ${sql.ref(column)} IN (${sql.join(values)})`;
      assert.deepEqual((await query.execute(db)).rows, [{ id: 'row 77' }]);
      const explain = engine === 'postgres' ? sql`EXPLAIN ${query}` : sql`EXPLAIN QUERY PLAN ${query}`;
      const plan = JSON.stringify((await explain.execute(db)).rows);
      assert.match(plan, engine === 'postgres' ? /Index (Only )?Scan|Bitmap Index Scan/ : /USING (COVERING )?INDEX/);
      assert.doesNotMatch(plan, /Seq Scan|SCAN customers/);
    });
  }
});
