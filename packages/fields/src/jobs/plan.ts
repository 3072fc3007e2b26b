import { sql } from 'kysely';
import type { Phase } from '../states.ts';
import type { EncryptedTable, ResolvedField } from '../table.ts';
import { enter, type JobContext, migratingFields } from './migrate.ts';
import { columnTypes, indexedColumns, isPostgres, quoted } from './sql-engine.ts';
import { nameOf } from './watch-states.ts';

/** Where a field stands and what is to be done about it. */
export interface FieldPlan {
  readonly table: string;
  readonly field: string;
  readonly phase: Phase | null;
  readonly indexPhase: string;
  /** Rows of the table. */
  readonly rows: number;
  /** Of its sealed column: values that carry the mark of a sealed one, and others. Bytes are not looked into. */
  readonly sealed: number | null;
  readonly other: number | null;
  /** Of its plain column: values that are there. */
  readonly plain: number | null;
  /** Statements to run first, for what is missing. */
  readonly missing: readonly string[];
  /** What comes next, in words. */
  readonly next: string;
}

/** Looks at the database, and changes nothing there; opens no value. @param record Records `plain` for what is new. */
export async function plan(context: JobContext, table: EncryptedTable, record = false): Promise<FieldPlan[]> {
  const { db, states } = context;
  await states.refresh();
  if (record) {
    const isNew = ({ name }: ResolvedField) => states.recorded.get(nameOf(table.name, name))?.phase === undefined;
    await enter(context, table, migratingFields(table).filter(isNew), 'plain');
  }
  const types = await columnTypes(db, table.table);
  const indexed = await indexedColumns(db, table.table);
  const migrating = new Set(migratingFields(table));
  return Promise.all(
    Object.values(table.fields).map(async (field): Promise<FieldPlan> => {
      const state = states.recorded.get(nameOf(table.name, field.name));
      const missing = types ? missingStatements(context, table, field, types, indexed) : [];
      const counts = await countValues(context, table, field, types);
      return {
        table: table.name,
        field: field.name,
        phase: state?.phase ?? null,
        indexPhase: state?.indexPhase ?? 'stable',
        ...counts,
        missing: types ? missing : [`-- there is no table ${table.table}`],
        next: nextStep(migrating.has(field), state?.phase, missing.length > 0 || !types, counts),
      };
    }),
  );
}

function nextStep(
  isMigrating: boolean,
  phase: Phase | undefined,
  isMissing: boolean,
  { other }: { other: number | null },
): string {
  if (isMissing) return 'run the statements that are listed as missing';
  if (!isMigrating) return other ? 'reencrypt: some values are not sealed here' : 'nothing';
  switch (phase) {
    case undefined:
      return 'plan --record, before the application that declares it is started';
    case 'plain':
    case 'dual-writing':
      return 'backfill';
    case 'backfilled':
      return 'backfill --to encrypted-only, or rollback';
    case 'encrypted-only':
      return 'backfill --to plain-dropped';
    case 'plain-dropped':
      return 'drop the plain column, and take plainColumn or plainText() out of the declaration';
  }
}

function missingStatements(
  { db }: JobContext,
  table: EncryptedTable,
  field: ResolvedField,
  types: ReadonlyMap<string, string>,
  indexed: ReadonlyMap<string, { isUnique: boolean }>,
): string[] {
  const type = table.store === 'text' ? 'text' : isPostgres(db) ? 'bytea' : 'blob';
  const own = field.isInRecord ? table.record!.column : field.column;
  const columns = [own, ...(field.index ? [field.index.column] : [])].filter((column) => !types.has(column));
  const statements = columns.map(
    (column) => `ALTER TABLE ${quoted(table.table)} ADD COLUMN ${quoted(column)} ${type};`,
  );
  const { index } = field;
  const known = index && indexed.get(index.column);
  if (index && !(index.isUnique ? known?.isUnique : known)) {
    const unique = index.isUnique ? 'UNIQUE ' : '';
    statements.push(
      `CREATE ${unique}INDEX ${quoted(`${table.table.replaceAll('.', '_')}_${index.column}`)} ON ${quoted(table.table)} (${quoted(index.column)});`,
    );
  }
  return statements;
}

async function countValues(
  { db }: JobContext,
  table: EncryptedTable,
  field: ResolvedField,
  types: ReadonlyMap<string, string> | undefined,
): Promise<Pick<FieldPlan, 'rows' | 'sealed' | 'other' | 'plain'>> {
  if (!types) return { rows: 0, sealed: null, other: null, plain: null };
  const column = field.isInRecord ? table.record!.column : field.column;
  const isLookedInto = table.store === 'text' && !field.pathParts && types.has(column);
  const { plainColumn } = field;
  const hasPlain = plainColumn !== undefined && types.has(plainColumn);
  const one = (condition: ReturnType<typeof sql>) => sql`coalesce(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0)`;
  const { rows } = await sql<Record<'rows' | 'sealed' | 'filled' | 'plain', unknown>>`SELECT count(*) AS "rows",
      ${isLookedInto ? one(sql`${sql.ref(column)} LIKE 'bw1:%'`) : sql`0`} AS sealed,
      ${isLookedInto ? one(sql`${sql.ref(column)} IS NOT NULL`) : sql`0`} AS filled,
      ${hasPlain ? one(sql`${sql.ref(plainColumn!)} IS NOT NULL`) : sql`0`} AS plain
    FROM ${sql.table(table.table)}`.execute(db);
  const found = rows[0]!;
  const sealed = isLookedInto ? Number(found.sealed) : null;
  return {
    rows: Number(found.rows),
    sealed,
    other: sealed === null ? null : Number(found.filled) - sealed,
    plain: hasPlain ? Number(found.plain) : null,
  };
}
