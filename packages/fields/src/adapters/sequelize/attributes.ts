import { DataTypes, type ModelAttributeColumnOptions, type ModelIndexesOptions } from 'sequelize';
import { FieldsError } from '../../errors.ts';
import type { EncryptedTable, PlainFields } from '../../table.ts';
import { EncryptedType } from './types.ts';

/** Attributes of a model, by name. */
export type EncryptedAttributes<T extends EncryptedTable> = {
  [K in keyof PlainFields<T>]: ModelAttributeColumnOptions;
} & { [name: string]: ModelAttributeColumnOptions };

/**
 * The attributes of a declared table's fields, to be spread into those of a model. Instances have plain values, by the
 * names of the fields. Blind indexes and plain columns that are being replaced are there as well, for `sync` to see;
 * instances do not show them.
 *
 * All may be null, whatever a plain column had to be. Their type is `TEXT`, or `bytes` says what the database calls bytes
 * where the table stores such.
 *
 * @throws FieldsError ERR_DECLARATION (the table has a record, which Sequelize has no mapping for)
 */
export function encryptedAttributes<T extends EncryptedTable>(
  table: T,
  { bytes = 'BYTEA' }: { readonly bytes?: 'BYTEA' | 'BLOB' } = {},
): EncryptedAttributes<T> {
  if (table.record) {
    const why = 'Sequelize maps an attribute to one column: seal its fields one by one';
    throw new FieldsError('ERR_DECLARATION', `${table.name} has a record; ${why}`);
  }
  const [value, index] = table.store === 'bytes' ? [bytes, bytes] : ['TEXT', 'VARCHAR(64)'];
  const attributes: Record<string, ModelAttributeColumnOptions> = {};
  for (const field of Object.values(table.fields)) {
    attributes[field.name] = { type: new EncryptedType(table, field, value), field: field.column, allowNull: true };
    for (const column of field.index ? [field.index.column, field.index.nextColumn] : []) {
      const type = new EncryptedType(table, undefined, index);
      attributes[hiddenAttribute(column)] = { type, field: column, allowNull: true };
    }
    // Sequelize confuses an attribute on a column with another of that name: then `sync` does not know of the column.
    if (field.plainColumn !== undefined && !Object.hasOwn(table.fields, field.plainColumn)) {
      const hidden = hiddenAttribute(field.plainColumn);
      attributes[hidden] = { type: DataTypes.TEXT, field: field.plainColumn, allowNull: true };
    }
  }
  return attributes as EncryptedAttributes<T>;
}

/** What `sync` makes of the blind indexes, to be spread into the `indexes` of a model. */
export function encryptedIndexes(table: EncryptedTable): ModelIndexesOptions[] {
  return Object.values(table.fields).flatMap(({ index }) =>
    index ? [{ fields: [index.column], unique: index.isUnique }] : [],
  );
}

/** The attribute of a column that instances do not show; to give a plain column its own type, spread it after the others. */
export function hiddenAttribute(column: string): string {
  return `hidden_${column}`;
}
