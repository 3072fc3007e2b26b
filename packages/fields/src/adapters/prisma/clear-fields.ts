import { unsupported } from '../../table-cipher.ts';
import { asList, entriesOf, isArgs, refused } from './args.ts';
import type { Model } from './models.ts';

/**
 * Refuses names of encrypted fields and of their columns.
 *
 * @param done What is done with them: `sorted`, `grouped`…
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function requireClearNames({ declared }: Model, names: unknown, done: string): void {
  for (const name of asList(names)) {
    if (!declared || typeof name !== 'string') continue;
    if (declared.hidden.has(name)) throw refused(`${declared.table.name}.${name} belongs to the encryption`);
    const field = declared.encrypted.get(name);
    if (field) throw unsupported(declared.table, field.name, `is encrypted and cannot be ${done}`);
  }
}

/** The same of the keys of objects, at any depth. */
export function requireClearKeys(model: Model, value: unknown, done: string): void {
  if (Array.isArray(value)) for (const one of value) requireClearKeys(model, one, done);
  else if (isArgs(value)) {
    for (const [name, inner] of entriesOf(value)) {
      requireClearNames(model, name, done);
      requireClearKeys(model, inner, done);
    }
  } else requireClearReferences(model, value);
}

/** The same of the fields that stand in place of values, at any depth. */
export function requireClearReferences(model: Model, value: unknown): void {
  if (Array.isArray(value)) for (const one of value) requireClearReferences(model, one);
  else if (isArgs(value)) for (const [, inner] of entriesOf(value)) requireClearReferences(model, inner);
  else if (isFieldReference(value)) requireClearNames(model, value.name, 'compared');
}

/** A field in place of a value: `prisma.customer.fields.email`. */
export function isFieldReference(value: unknown): value is { readonly name: string } {
  return typeof value === 'object' && value !== null && 'modelName' in value && 'typeName' in value;
}
