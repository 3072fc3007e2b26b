import type { EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';
import { FieldsError } from '../../errors.ts';
import type { EncryptedTable, PlainFields, ResolvedField } from '../../table.ts';
import { Cell, notInstalled, Sealed, Unsealed } from './values.ts';

/** Columns of an EntitySchema, by property. */
export type EncryptedColumns<T extends EncryptedTable> = { [K in keyof PlainFields<T>]: EntitySchemaColumnOptions } & {
  [property: string]: EntitySchemaColumnOptions;
};

/**
 * The columns of a declared table's fields, to be spread into the `columns` of an EntitySchema. Entities have a property
 * for each field, by its name and with plain values. Blind indexes and plain columns that are being replaced are there
 * as well, for migrations to see; entities do not show them.
 *
 * All may be null, whatever a plain column had to be. Their type is `text`, or `bytes` says what the database calls
 * bytes (`bytea`, `blob`) where the table stores such.
 *
 * @throws FieldsError ERR_DECLARATION (the table has a record, which TypeORM has no mapping for)
 */
export function encryptedColumns<T extends EncryptedTable>(
  table: T,
  { bytes = 'bytea' }: { readonly bytes?: 'bytea' | 'blob' } = {},
): EncryptedColumns<T> {
  if (table.record) {
    const why = 'TypeORM maps a property to one column: seal its fields one by one';
    throw new FieldsError('ERR_DECLARATION', `${table.name} has a record; ${why}`);
  }
  const stored: EntitySchemaColumnOptions = { type: table.store === 'bytes' ? bytes : 'text', nullable: true };
  const index: EntitySchemaColumnOptions =
    table.store === 'bytes' ? { ...stored, select: false } : { ...stored, type: 'varchar', length: 64, select: false };
  const columns: Record<string, EntitySchemaColumnOptions> = {};
  for (const field of Object.values(table.fields)) {
    columns[field.name] = { ...stored, name: field.column, transformer: new FieldTransformer(table, field) };
    if (field.index) {
      const unique = field.index.isUnique;
      columns[hiddenProperty(field.index.column)] = { ...index, name: field.index.column, unique };
      // Not unique while it is being filled.
      columns[hiddenProperty(field.index.nextColumn)] = { ...index, name: field.index.nextColumn };
    }
    if (field.plainColumn !== undefined) {
      const plain: EntitySchemaColumnOptions = { type: 'text', nullable: true, select: false };
      columns[hiddenProperty(field.plainColumn)] = { ...plain, name: field.plainColumn };
    }
  }
  return columns as EncryptedColumns<T>;
}

/** The property of a column that entities do not show; to give a plain column its own type, spread it after the others. */
export function hiddenProperty(column: string): string {
  return `hidden_${column}`;
}

/** Marks the column of a field, and keeps plain values from leaving through it. */
export class FieldTransformer implements ValueTransformer {
  readonly table: EncryptedTable;
  readonly field: ResolvedField;
  #last: WeakRef<Unsealed> | undefined;

  constructor(table: EncryptedTable, field: ResolvedField) {
    this.table = table;
    this.field = field;
  }

  to(value: unknown): unknown {
    if (value === null || value === undefined || value instanceof Unsealed) return value;
    if (value instanceof Sealed) return value.stored;
    // TypeORM asks for the stored and for the new value one after the other, and takes them for equal if they are one.
    const last = this.#last?.deref();
    if (last?.holds(value)) return last;
    const unsealed = new Unsealed(this.field, value);
    this.#last = new WeakRef(unsealed);
    return unsealed;
  }

  from(value: unknown): unknown {
    if (value === null || value === undefined) return value;
    if (value instanceof Cell) return value.row.read(this.field.name);
    throw notInstalled();
  }
}
