import { FieldsError } from './errors.ts';
import type { EncryptedTable } from './table.ts';

/** A row, or the part of one that is known. */
export type Row = Readonly<Record<string, unknown>>;

/** Databases give UUIDs back in lower case, however they were written. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What a row is bound by: its id as text, or undefined where it is not known (yet). Drivers give 42 as a number, a
 * bigint or text; all are the same id.
 */
export function rowIdOf(table: EncryptedTable, row: Row): string | undefined {
  const parts = table.id.map((column) => idText(row[column]));
  if (parts.includes(undefined)) return undefined;
  return parts.length === 1 ? parts[0] : JSON.stringify(parts);
}

function idText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return UUID.test(value) ? value.toLowerCase() : value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return undefined;
      if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
      if (value instanceof Date) return value.toISOString();
      // Ids of document databases.
      if ('toHexString' in value && typeof value.toHexString === 'function') return String(value.toHexString());
      return undefined;
    default:
      return undefined;
  }
}

/** Whose keys a row is sealed with. @throws FieldsError ERR_SCOPE_MISSING */
export function scopeOf(table: EncryptedTable, row: Row, given: string | undefined): string {
  const { scope } = table;
  if (typeof scope === 'string') return scope;
  const named = scope === undefined ? given : (idText(row[scope.column]) ?? given);
  if (named !== undefined) return named;
  const how = scope === undefined ? 'give a scope' : `the row must have its ${scope.column}, or the call a scope`;
  throw new FieldsError('ERR_SCOPE_MISSING', `${table.name}: ${how}, so that it is clear whose keys to use`);
}
