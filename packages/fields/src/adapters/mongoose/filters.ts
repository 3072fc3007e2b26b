import { rowIdOf } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import type { Known, TableCipher } from '../../table-cipher.ts';
import { type Doc, type DocumentNames, touchesSealed, unsupportedKey } from './document-names.ts';
import { plainDocument, plainValue } from './stored-values.ts';

/** Rewrites filters, so that comparisons of encrypted fields are searches of their indexes. */
export interface Filters {
  /** @throws FieldsError ERR_UNSUPPORTED_QUERY */
  rewrite(filter: Doc): Doc;
  /** What a filter says that the keys of the id and of the scope must be. */
  known(filter: Doc): Doc;
  /** @throws FieldsError ERR_UNSUPPORTED_QUERY (the order, or what else is asked for, needs an encrypted field) */
  check(options: Doc | undefined, filter?: Doc, change?: unknown): void;
  /** What each part of a filter says of the documents that it finds: keys of each must be at hand. */
  places(filter: Doc): readonly Doc[];
}

const LOGICAL = new Set(['$and', '$or', '$nor']);

export function filters(cipher: TableCipher, names: DocumentNames): Filters {
  const { table } = cipher;

  function knownOf(filter: Doc): Doc {
    const found: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(filter)) {
      if (key === '$and' && Array.isArray(value))
        for (const part of value as Doc[]) Object.assign(found, knownOf(plainDocument(part)));
      if (!names.context.includes(key)) continue;
      const equal = isOperators(value) && Object.keys(value).length === 1 && '$eq' in value ? value.$eq : value;
      if (rowIdOf({ ...table, id: [key] }, { [key]: equal }) !== undefined) found[key] = equal;
    }
    return found;
  }

  function places(filter: Doc, outer: Doc = {}): readonly Doc[] {
    const here = { ...outer, ...knownOf(filter) };
    const parts = Object.entries(filter).flatMap(([key, value]) =>
      LOGICAL.has(key) && Array.isArray(value) ? (value as Doc[]) : [],
    );
    return [here, ...parts.flatMap((part) => places(plainDocument(part), here))];
  }

  /** A branch is searched with the keys of the tenant that it names. */
  const within = (part: Doc, { row }: Known) => rewrite(part, { row: { ...row, ...knownOf(part) } });

  function rewrite(filter: Doc, known: Known): Doc {
    const rest: Record<string, unknown> = {};
    const terms: Doc[] = [];
    for (const [key, value] of Object.entries(filter)) {
      if (LOGICAL.has(key) && Array.isArray(value))
        rest[key] = value.map((part: Doc) => within(plainDocument(part), known));
      else if (key.startsWith('$')) {
        if (key === '$where' || names.mentions(value)) throw refuse(key, 'can reach encrypted fields');
        rest[key] = value;
      } else {
        const meaning = names.meaningOf(key);
        if (meaning.kind === 'hidden') throw refuse(key, 'is not for the application: name the field');
        if (meaning.kind !== 'field') rest[key] = value;
        else if (meaning.below.length === 0) terms.push(...comparisons(meaning.field, value, known));
        else if (touchesSealed(meaning.field, meaning.below)) throw refuse(key, 'is encrypted');
        else rest[[meaning.field.column, ...meaning.below].join('.')] = value;
      }
    }
    if (terms.length === 0) return rest;
    const and = (rest.$and as Doc[] | undefined) ?? [];
    return { ...rest, $and: [...and, ...terms] };
  }

  function comparisons(field: ResolvedField, value: unknown, known: Known): Doc[] {
    if (!isOperators(value)) return [equal(field, value, known)];
    return Object.entries(value).map(([operator, operand]) => {
      if (operator === '$eq') return equal(field, operand, known);
      if (operator === '$in' && Array.isArray(operand)) return search(field, operand, known);
      if (operator === '$ne' && (operand === null || operand === undefined)) return anyOf(field, { $ne: null });
      if (operator === '$exists' && operand) return anyOf(field, { $exists: true });
      if (operator === '$exists') return allOf(field, { $exists: false });
      throw refuse(field.name, `is encrypted: ${operator} needs plain text; equality, $in and null checks work`);
    });
  }

  function equal(field: ResolvedField, value: unknown, known: Known): Doc {
    return value === null || value === undefined ? allOf(field, null) : search(field, [value], known);
  }

  function readKeys(field: ResolvedField): readonly string[] {
    if (field.isInRecord) throw refuse(field.name, 'is in a record, which is sealed as a whole, null or not');
    return cipher.columnsOf(field.name);
  }

  const allOf = (field: ResolvedField, condition: unknown): Doc =>
    Object.fromEntries(readKeys(field).map((key) => [key, condition]));

  function anyOf(field: ResolvedField, condition: unknown): Doc {
    const terms = readKeys(field).map((key) => ({ [key]: condition }));
    return terms.length === 1 ? terms[0]! : { $or: terms };
  }

  function search(field: ResolvedField, wanted: readonly unknown[], known: Known): Doc {
    const byKey = new Map<string, unknown[]>();
    for (const value of wanted) {
      if (value instanceof RegExp) throw refuse(field.name, 'is encrypted: patterns need plain text');
      const { alternatives, isExact } = cipher.search(field.name, plainValue(value), known);
      if (!isExact) throw refuse(field.name, 'has a shortened index (filterBits), which finds documents too many');
      for (const { column, values } of alternatives) byKey.set(column, [...(byKey.get(column) ?? []), ...values]);
    }
    if (wanted.length === 0) return { [field.column]: { $in: [] } };
    const terms = [...byKey].map(([key, values]) => ({ [key]: { $in: values } }));
    return terms.length === 1 ? terms[0]! : { $or: terms };
  }

  const refuse = (key: string, problem: string) => unsupportedKey(table, key, problem);

  return {
    known: knownOf,
    places,
    rewrite: (filter) => rewrite(filter, { row: knownOf(filter) }),
    check(options = {}, filter = {}, change = undefined) {
      for (const option of ['sort', 'min', 'max', 'let', 'arrayFilters']) {
        if (names.mentions(options[option])) throw refuse(option, 'names an encrypted field, which has no order');
      }
      if (options.upsert && change !== undefined && names.mentions(filter)) {
        throw refuse('upsert', 'would insert without the encrypted fields of its filter: name the document by its id');
      }
      if (options.collation !== undefined && (names.mentions(filter) || names.mentions(change))) {
        throw refuse(
          'collation',
          'cannot be used with an encrypted field: indexes, ids and tenants are compared as they are',
        );
      }
    },
  };
}

/** `{ $in: […] }`, and not a value that happens to be an object. */
function isOperators(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const keys = Object.keys(value);
  return (
    (prototype === Object.prototype || prototype === null) &&
    keys.length > 0 &&
    keys.every((key) => key.startsWith('$'))
  );
}
