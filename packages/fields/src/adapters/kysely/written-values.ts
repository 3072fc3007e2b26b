import { type OperationNode, ValueNode } from 'kysely';
import { FieldsError } from '../../errors.ts';
import type { ResolvedField } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import type { DeclaredTable } from './declared-tables.ts';
import { literalOf, unwrap } from './operation-nodes.ts';

/** Values of one row by the names that sealing knows. */
export type Given = Record<string, unknown>;

/**
 * What a written column is to sealing: a field, a column that says which row it is, or any other.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (a column that only the adapter writes)
 */
export function writtenName(table: DeclaredTable, column: string): string {
  const field = table.find(column);
  if (field === 'stored') {
    throw unsupported(table.cipher.table, column, 'is a column of encrypted data: write the field instead');
  }
  return field?.name ?? table.rowColumns.find((own) => own.toLowerCase() === column.toLowerCase()) ?? column;
}

/** The field of a written name. */
export function fieldNamed(table: DeclaredTable, name: string): ResolvedField | undefined {
  const { fields } = table.cipher.table;
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/**
 * Takes up a value to write; false: what is written is an expression, and no field.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (a field that is set by an expression, or twice)
 */
export function takeValue(given: Given, table: DeclaredTable, name: string, node: OperationNode): boolean {
  const refused = (why: string) => unsupported(table.cipher.table, name, why);
  const isField = fieldNamed(table, name) !== undefined;
  const literal = literalOf(node);
  if (!literal) {
    if (isField) throw refused('is encrypted: it can be set to values only, not to what the database computes');
    return false;
  }
  if (isField && Object.hasOwn(given, name)) throw refused('is written twice');
  if (isField && sealedValues.has(unwrap(node))) throw alreadySealed();
  // Not by assignment: a column may be called __proto__.
  Object.defineProperty(given, name, { value: literal.value, enumerable: true, configurable: true });
  return true;
}

const sealedValues = new WeakSet<OperationNode>();

/** A value as it is stored. It is known again, should a plugin have a rewritten query rewritten once more. */
export function storedValue(value: unknown): ValueNode {
  const node = ValueNode.create(value);
  sealedValues.add(node);
  return node;
}

function alreadySealed(): FieldsError {
  const why = 'a query was rewritten, changed by another plugin and rewritten again: make its parts with the callback';
  return new FieldsError('ERR_UNSUPPORTED_QUERY', why);
}
