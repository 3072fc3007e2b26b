import { sql } from 'kysely';
import type { Database, Tables } from '../db/schema.ts';
import { type Check, type Finding, runCheck } from './check.ts';
import { looksLikeClearText } from './clear-text.ts';

/** First byte of every sealed field (BW1). */
const FIELD_MARK = 0xfd;
/** Newest rows looked at in each column. */
const SAMPLE_ROWS = 1000;

interface SensitiveColumn {
  readonly table: keyof Tables;
  readonly column: string;
  /** `field` starts with the mark of BW1; `row` is nonce-less AEAD output without one. */
  readonly form: 'field' | 'row';
  /** Least bytes of a sealed value: an empty one. */
  readonly minBytes: number;
}

/** Every column that holds what machines or people said. A clear value in one of them is a failure. */
export const SENSITIVE_COLUMNS: readonly SensitiveColumn[] = [
  { table: 'machine', column: 'name', form: 'field', minBytes: 29 },
  { table: 'user', column: 'username', form: 'field', minBytes: 29 },
  { table: 'hot_report', column: 'body', form: 'row', minBytes: 16 },
  { table: 'series_dictionary', column: 'body', form: 'row', minBytes: 16 },
  { table: 'machine_key', column: 'sealed_key', form: 'row', minBytes: 80 },
];

/** The database answers, and what is sensitive in it is ciphertext. Reads only; a sample of the newest rows. */
export async function checkDatabase(db: Database): Promise<Check[]> {
  return [
    await runCheck('database-opens', 'Database opens', async () => {
      const { count } = await db
        .selectFrom('machine')
        .select((e) => e.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return { detail: `${count} machines` };
    }),
    await runCheck('database-ciphertext', 'Sensitive columns hold ciphertext', () => findClearColumns(db)),
  ];
}

/** An agent has reported within six of its intervals (the time after which the fleet page calls it offline). */
export function checkLastReport(db: Database, intervalSeconds: number, now: number): Promise<Check> {
  return runCheck('reports', 'Reports come in', async () => {
    const { last } = await db
      .selectFrom('hot_report')
      .select((e) => e.fn.max('received_at').as('last'))
      .executeTakeFirstOrThrow();
    if (last === null) return { state: 'warning', detail: 'no report yet', fix: 'start an agent: bulwark agent run' };
    const seconds = Math.max(0, Math.round((now - last) / 1000));
    const detail = `the last one came ${seconds} s ago`;
    if (seconds <= 6 * intervalSeconds) return { detail };
    return { state: 'warning', detail, fix: 'see that server and agents run: bulwark agent run' };
  });
}

async function findClearColumns(db: Database): Promise<Finding> {
  const clear: string[] = [];
  let checked = 0;
  for (const sensitive of SENSITIVE_COLUMNS) {
    const { table, column } = sensitive;
    const { rows } = await sql<{ value: unknown }>`
      select ${sql.ref(column)} as value from ${sql.table(table)}
      order by ${sql.ref(NEWEST_FIRST[table] ?? column)} desc limit ${sql.lit(SAMPLE_ROWS)}`.execute(db);
    const wrong = rows.filter(({ value }) => !isCiphertext(value, sensitive)).length;
    if (wrong > 0) clear.push(`${table}.${column} (${wrong} of ${rows.length} rows)`);
    checked += rows.length;
  }
  if (clear.length === 0) return { detail: `${checked} values in ${SENSITIVE_COLUMNS.length} columns checked` };
  const fix = 'stop the server and keep a copy of the database: something wrote past the encryption';
  return { state: 'failed', detail: `not ciphertext: ${clear.join(', ')}`, fix };
}

/** What to order by where it is not the column itself, in whose order ciphertext is as good as random. */
const NEWEST_FIRST: Partial<Record<keyof Tables, string>> = { hot_report: 'id' };

function isCiphertext(value: unknown, { form, minBytes }: SensitiveColumn): boolean {
  if (!(value instanceof Uint8Array) || value.length < minBytes) return false;
  return form === 'field' ? value[0] === FIELD_MARK : !looksLikeClearText(value);
}
