import mongoose from 'mongoose';

// What MongoDB does with documents, as far as tests of the Mongoose adapter need it. All else throws, so that no test
// passes by what this does not know.

// biome-ignore lint/suspicious/noExplicitAny: documents of a database without a schema
export type Doc = Record<string, any>;

/** Equal as they are stored. */
export function sameValue(a: unknown, b: unknown): boolean {
  const bytes = (value: unknown) => Buffer.from(mongoose.mongo.BSON.serialize({ value: value ?? null }));
  return bytes(a).equals(bytes(b));
}

/** What lies at `a.b.c`. */
export function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce((at: unknown, key) => (at as Doc | null | undefined)?.[key], document);
}

/** Whether a filter matches. @throws Error (an operator that is not known here) */
export function matches(document: Doc, filter: Doc): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const parts = condition as Doc[];
    if (key === '$and') return parts.every((part) => matches(document, part));
    if (key === '$or') return parts.some((part) => matches(document, part));
    if (key === '$nor') return !parts.some((part) => matches(document, part));
    if (key.startsWith('$')) throw new Error(`no such operator: ${key}`);
    return holds(valueAt(document, key), condition);
  });
}

function holds(value: unknown, condition: unknown): boolean {
  const isOperators = isPlain(condition) && Object.keys(condition).some((key) => key.startsWith('$'));
  if (!isOperators) return sameValue(value, condition);
  return Object.entries(condition).every(([operator, operand]) => {
    switch (operator) {
      case '$eq':
        return sameValue(value, operand);
      case '$ne':
        return !sameValue(value, operand);
      case '$in':
        return (operand as unknown[]).some((each) => sameValue(value, each));
      case '$nin':
        return !(operand as unknown[]).some((each) => sameValue(value, each));
      case '$exists':
        return (value !== undefined) === Boolean(operand);
      case '$gt':
        return (value as number) > (operand as number);
      case '$lt':
        return (value as number) < (operand as number);
      default:
        throw new Error(`no such operator: ${operator}`);
    }
  });
}

function isPlain(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function ordered(documents: readonly Doc[], sort: Doc = {}): Doc[] {
  const keys = sort instanceof Map ? [...sort] : Object.entries(sort);
  return documents.toSorted((a, b) => {
    for (const [key, direction] of keys) {
      const [x, y] = [valueAt(a, key), valueAt(b, key)] as [number | undefined, number];
      // What is not there comes before all that is.
      if (x !== y) return (x === undefined || x < y ? -1 : 1) * Number(direction);
    }
    return 0;
  });
}

export function projected(document: Doc, projection: Doc = {}): Doc {
  const { _id, ...keys } = projection;
  const names = Object.keys(keys);
  if (names.length === 0 && _id === undefined) return document;
  const isIncluding = names.length === 0 ? Boolean(_id) : Boolean(keys[names[0]!]);
  const tree: Doc = isIncluding ? {} : structuredCloneBson(document);
  for (const name of names) {
    if (!isIncluding) unsetAt(tree, name);
    else if (valueAt(document, name) !== undefined) setAt(tree, name, valueAt(document, name));
  }
  if (isIncluding && _id !== 0 && _id !== false) return { _id: document._id, ...tree };
  if (_id === 0 || _id === false) delete tree._id;
  return tree;
}

/** A document after an update. @throws Error (an operator that is not known here) */
export function updated(document: Doc, update: Doc, isInsert: boolean): Doc {
  if (Array.isArray(update)) throw new Error('no pipelines');
  if (!Object.keys(update).some((key) => key.startsWith('$'))) return { _id: document._id, ...update };
  const result = structuredCloneBson(document);
  for (const [operator, changes] of Object.entries(update)) {
    for (const [key, value] of Object.entries(changes as Doc)) {
      if (operator === '$set' || (operator === '$setOnInsert' && isInsert)) setAt(result, key, value);
      else if (operator === '$unset') unsetAt(result, key);
      else if (operator === '$inc') setAt(result, key, Number(valueAt(result, key) ?? 0) + Number(value));
      else if (operator !== '$setOnInsert') throw new Error(`no such operator: ${operator}`);
    }
  }
  return result;
}

function structuredCloneBson(document: Doc): Doc {
  const { BSON } = mongoose.mongo;
  return BSON.deserialize(BSON.serialize(document), { promoteBuffers: false }) as Doc;
}

function setAt(document: Doc, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = document;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Doc;
  }
  at[last] = value;
}

function unsetAt(document: Doc, path: string): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  const at = keys.length === 0 ? document : (valueAt(document, keys.join('.')) as Doc | undefined);
  delete at?.[last];
}
