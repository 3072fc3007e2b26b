import type { ObjectLiteral } from 'typeorm';
import type { Stored } from '../../cell-cipher.ts';
import type { Row } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import type { EncryptedEntity } from './entities.ts';
import { Sealed } from './values.ts';

/**
 * The fields that an object of an entity gives a value.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (SQL for a value, or a value for a column of the encryption)
 */
export function givenFields({ table, hidden }: EncryptedEntity, values: ObjectLiteral): string[] {
  for (const property of hidden) {
    if (values[property] !== undefined) throw unsupported(table, property, 'is written by the encryption alone');
  }
  return Object.keys(table.fields).filter((name) => {
    if (typeof values[name] === 'function')
      throw unsupported(table, name, 'is encrypted: the database has no value for it');
    return values[name] !== undefined;
  });
}

/**
 * A copy of an object of an entity with what is to be stored of its fields, indexes and all.
 *
 * @param known Of the row, by column, beside what the values say.
 */
export function sealValues(entity: EncryptedEntity, values: ObjectLiteral, known: Row = {}): ObjectLiteral {
  const given = givenFields(entity, values);
  const copy = Object.assign(Object.create(Object.getPrototypeOf(values) as object | null), values) as ObjectLiteral;
  if (given.length === 0) return copy;
  const place = Object.entries(entity.placeOf(values)).filter(([, value]) => value !== undefined);
  const fields = Object.fromEntries(given.map((name) => [name, values[name] as unknown]));
  const row = { ...known, ...Object.fromEntries(place) };
  if (given.some((name) => entity.fieldOf(name)?.bind === 'row')) requireExactIds(entity, row);
  const stored = entity.cipher.sealRow(fields, { row });
  for (const name of given) delete copy[name];
  for (const [column, value] of Object.entries(stored)) {
    const property = entity.propertyOf(column);
    copy[property] = entity.hidden.has(property) ? value : new Sealed(value as Stored);
  }
  return copy;
}

const INTEGERS: ReadonlySet<unknown> = new Set<unknown>([
  Number,
  ...['int', 'integer', 'int2', 'int4', 'int8', 'smallint', 'mediumint', 'tinyint', 'bigint'],
]);

/** The database takes '07' for 7, but what is sealed for the one does not open as the other. */
function requireExactIds({ table, metadata }: EncryptedEntity, row: Row): void {
  for (const column of table.id) {
    const id = row[column];
    const isInteger = INTEGERS.has(metadata.findColumnWithDatabaseName(column)?.type);
    if (isInteger && typeof id === 'string' && !/^(0|-?[1-9]\d*)$/.test(id)) {
      throw unsupported(table, column, 'is a number: give it as one, or as the database writes it');
    }
  }
}

/** @throws FieldsError ERR_UNSUPPORTED_QUERY (what the database returned of a field would be sealed) */
export function refuseReturning(entity: EncryptedEntity, returning: string | readonly string[] | undefined): void {
  const { table, hidden } = entity;
  if (returning === undefined) return;
  if (typeof returning === 'string') {
    throw unsupported(table, returning, 'stands in RETURNING as SQL text: name properties in an array, and no fields');
  }
  const field = returning.find((property) => entity.fieldOf(property) ?? hidden.has(property));
  if (field !== undefined)
    throw unsupported(table, field, 'is encrypted and cannot be returned by a statement: find the row');
}
