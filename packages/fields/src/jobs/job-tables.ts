import type { AnyDatabase } from './sql-engine.ts';

/** Makes the tables that migrations and jobs are recorded in, where they are not there yet; best in a migration. */
export async function createFieldTables(db: AnyDatabase): Promise<void> {
  await db.schema
    .createTable('bulwark_field_state')
    .ifNotExists()
    .addColumn('table_name', 'varchar(64)', (column) => column.notNull())
    .addColumn('field', 'varchar(64)', (column) => column.notNull())
    .addColumn('phase', 'varchar(20)')
    .addColumn('index_phase', 'varchar(20)', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('mac', 'varchar(64)', (column) => column.notNull())
    .addPrimaryKeyConstraint('bulwark_field_state_pk', ['table_name', 'field'])
    .execute();
  await db.schema
    .createTable('bulwark_field_job')
    .ifNotExists()
    .addColumn('id', 'varchar(200)', (column) => column.primaryKey())
    .addColumn('work', 'varchar(64)')
    .addColumn('position', 'text')
    .addColumn('done', 'bigint', (column) => column.notNull())
    .addColumn('changed', 'bigint', (column) => column.notNull())
    .addColumn('total', 'bigint', (column) => column.notNull())
    .addColumn('problems', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('finished_at', 'bigint')
    .addColumn('lease_owner', 'varchar(64)')
    .addColumn('lease_until', 'bigint', (column) => column.notNull())
    .execute();
}

/** A row of `bulwark_field_state`. */
export interface FieldStateRow {
  readonly table_name: string;
  readonly field: string;
  readonly phase: string | null;
  readonly index_phase: string;
  readonly revision: number;
  readonly changed_at: number | string;
  readonly mac: string;
}

/** A row of `bulwark_field_job`. */
export interface FieldJobRow {
  readonly id: string;
  /** Digest of what it is done for. */
  readonly work: string | null;
  /** The id of the last row that is done, as JSON; null before the first. */
  readonly position: string | null;
  readonly done: number | string;
  readonly changed: number | string;
  readonly total: number | string;
  /** JSON: the first rows that could not be done. */
  readonly problems: string;
  readonly started_at: number | string;
  readonly updated_at: number | string;
  readonly finished_at: number | string | null;
  readonly lease_owner: string | null;
  readonly lease_until: number | string;
}
