import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { forEachDatabase } from '../../../../testing/databases.ts';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/schema.ts';
import { checkDatabase, checkLastReport, SENSITIVE_COLUMNS } from './database-checks.ts';
import { openReadOnly } from './open-read-only.ts';

const NOW = 1_800_000_000_000;
const CLEAR = Buffer.from(
  JSON.stringify({ hostname: 'db-7.canary.example', 'cpu.total': [1, 2, 3], more: 'clear text' }),
);
const field = () => Buffer.concat([Buffer.from([0xfd]), randomBytes(60)]);

async function insertMachine(db: Database, name: Buffer): Promise<void> {
  await db.insertInto('tenant').values({ id: 't', slug: 't', created_at: 0 }).execute();
  const machine = {
    id: 'm',
    no: 1,
    tenant_id: 't',
    name,
    agreement_key: randomBytes(32),
    signing_key: randomBytes(32),
  };
  const more = { key_epoch: 1, token_hash: randomBytes(32), interval_seconds: 10, enrolled_at: 0, revoked_at: null };
  await db
    .insertInto('machine')
    .values({ ...machine, ...more })
    .execute();
}

async function insertReport(db: Database, body: Buffer, receivedAt = NOW): Promise<void> {
  const report = { machine_no: 1, received_at: receivedAt, boot_no: 1, sequence: 1, key_no: 1, counter: 1, body };
  await db.insertInto('hot_report').values(report).execute();
}

forEachDatabase('the database checks', (openUrl) => {
  let url: string;
  let db: Database;
  beforeEach(async () => {
    url = await openUrl();
    db = await openDatabase(url);
  });
  afterEach(() => db.destroy());

  const ciphertext = async () => (await checkDatabase(db)).find(({ id }) => id === 'database-ciphertext');

  test('an empty database is fine', async () => {
    const checks = await checkDatabase(db);
    assert.deepEqual(
      checks.map(({ id, state }) => [id, state]),
      [
        ['database-opens', 'ok'],
        ['database-ciphertext', 'ok'],
      ],
    );
  });

  test('sealed values are fine', async () => {
    await insertMachine(db, field());
    await insertReport(db, randomBytes(500));
    assert.deepEqual(await ciphertext(), {
      id: 'database-ciphertext',
      title: 'Sensitive columns hold ciphertext',
      state: 'ok',
      detail: `2 values in ${SENSITIVE_COLUMNS.length} columns checked`,
    });
  });

  describe('a clear value is a failure that names its column and not the value:', () => {
    const cases: [string, () => Promise<void>][] = [
      ['machine.name (1 of 1 rows)', () => insertMachine(db, Buffer.from('db-7.canary.example'))],
      ['hot_report.body (1 of 2 rows)', () => insertReport(db, randomBytes(300)).then(() => insertReport(db, CLEAR))],
      ['hot_report.body (1 of 1 rows)', () => insertReport(db, Buffer.alloc(3))],
    ];
    for (const [column, insert] of cases) {
      test(column, async () => {
        await insert();
        const check = await ciphertext();
        assert.equal(check?.state, 'failed');
        assert.equal(check?.detail, `not ciphertext: ${column}`);
      });
    }
  });

  describe('reports are', () => {
    test('missed when there is none', async () =>
      assert.equal((await checkLastReport(db, 10, NOW)).detail, 'no report yet'));
    test('recent within six intervals', async () => {
      await insertReport(db, randomBytes(100), NOW - 60_000);
      assert.equal((await checkLastReport(db, 10, NOW)).state, 'ok');
    });
    test('overdue after that', async () => {
      await insertReport(db, randomBytes(100), NOW - 61_000);
      const { state, detail } = await checkLastReport(db, 10, NOW);
      assert.deepEqual([state, detail], ['warning', 'the last one came 61 s ago']);
    });
  });

  test('a database opened to look at cannot be written, while it is open elsewhere', async () => {
    await insertReport(db, randomBytes(100));
    const reader = await openReadOnly(url);
    try {
      assert.equal((await checkLastReport(reader, 10, NOW)).state, 'ok');
      await assert.rejects(reader.deleteFrom('hot_report').execute(), /read-?only/);
    } finally {
      await reader.destroy();
    }
  });
});

test('a SQLite database that is missing is not created by looking at it', () =>
  assert.rejects(openReadOnly('/nowhere/none.db'), /none\.db does not exist/));
