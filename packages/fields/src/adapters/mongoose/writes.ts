import { rowIdOf, scopeOf } from '../../row-id.ts';
import type { Known, TableCipher } from '../../table-cipher.ts';
import { type Doc, type DocumentNames, unsupportedKey } from './document-names.ts';
import type { Filters } from './filters.ts';
import { plainDocument, plainValue, storable } from './stored-values.ts';

/** A write with all that it stores sealed. */
export interface SealedUpdate {
  readonly filter: Doc;
  readonly update: unknown;
}

/** Seals documents and changes. */
export interface Writes {
  /** A new document. */
  document(doc: Doc, known?: Doc): Doc;
  /** A change of documents that a filter finds; the filter is held to the scope that values were sealed for. */
  update(filter: Doc, update: unknown): SealedUpdate;
  /** A document that takes another's place. */
  replacement(filter: Doc, doc: Doc): SealedUpdate;
}

export function writes(
  cipher: TableCipher,
  names: DocumentNames,
  { known: knownOf, rewrite }: Filters,
  defaultScope: () => string | undefined,
): Writes {
  const { table } = cipher;
  const refuse = (key: string, problem: string) => unsupportedKey(table, key, problem);

  /** Fields to seal, and the rest. */
  function parts(doc: Doc): { plain: Record<string, unknown>; rest: Record<string, unknown> } {
    const plain: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(doc)) {
      const meaning = names.meaningOf(key);
      if (meaning.kind === 'hidden') throw refuse(key, 'is written by the adapter, not by the application');
      if (meaning.kind !== 'field') rest[key] = value;
      else if (meaning.below.length > 0) throw refuse(key, 'is part of an encrypted field: set the whole of it');
      else plain[key] = plainValue(value);
    }
    return { plain, rest };
  }

  /** Where nothing is encrypted, nothing has to be known of the document. */
  const seal = (plain: Doc, known: Known) =>
    storable(table, Object.keys(plain).length === 0 ? {} : cipher.sealRow(plain, known));

  function document(doc: Doc, known: Doc = {}): Doc {
    const { plain, rest } = parts(doc);
    const { scope, id } = table;
    // What takes another's place has its id, or would not open.
    for (const key of id) if (rest[key] === undefined && known[key] !== undefined) rest[key] = known[key];
    if (Object.keys(plain).length > 0 && typeof scope === 'object' && (rest[scope.column] ?? null) === null) {
      // What is sealed for a tenant is stored as theirs.
      rest[scope.column] = known[scope.column] ?? scopeOf(table, known, defaultScope());
    }
    return { ...rest, ...seal(plain, { row: { ...known, ...rest } }).set };
  }

  /** Refuses to change what values are sealed for. */
  function requireSame(changes: Doc, known: Doc): void {
    for (const key of names.context) {
      if (!Object.hasOwn(changes, key)) continue;
      const idText = (value: unknown) => rowIdOf({ ...table, id: ['it'] }, { it: value });
      if (idText(changes[key]) === undefined || idText(changes[key]) !== idText(known[key])) {
        throw refuse(key, 'is what values are sealed for: it stays as it is');
      }
    }
  }

  /** Keys to remove for those that the application removes. */
  function removed(changes: Doc): string[] {
    return Object.keys(changes).flatMap((key) => {
      const meaning = names.meaningOf(key);
      if (meaning.kind === 'hidden' || meaning.kind === 'context') throw refuse(key, 'stays as it is');
      if (meaning.kind === 'clear') return [key];
      const isPart = meaning.below.length > 0 || meaning.field.isInRecord;
      if (isPart) throw refuse(key, 'is sealed with others: set the whole');
      return names.storedKeys(meaning.field);
    });
  }

  /** Refuses what the database would compute: it has no plain text. */
  function requireClear(operator: string, changes: Doc): void {
    if (!operator.startsWith('$')) throw refuse(operator, 'is no operator: give values by $set');
    for (const [key, value] of Object.entries(changes)) {
      const isClear =
        names.meaningOf(key).kind === 'clear' && !(operator === '$rename' && names.mentionsContext(value));
      if (!isClear) throw refuse(key, `cannot be changed by ${operator}: give the new value by $set`);
    }
  }

  function heldTo(filter: Doc, scope: Doc): Doc {
    const rewritten = rewrite(filter);
    const [key] = Object.keys(scope);
    if (key === undefined) return rewritten;
    return key in rewritten ? { $and: [rewritten, scope] } : { ...rewritten, ...scope };
  }

  return {
    document,

    replacement(filter, doc) {
      if (Object.keys(doc).some((key) => key.startsWith('$')))
        throw refuse('replacement', 'has operators: it is an update');
      return { filter: rewrite(filter), update: document(doc, knownOf(filter)) };
    },

    update(filter, update) {
      if (Array.isArray(update)) {
        if (names.mentionsContext(update))
          throw refuse('update', 'is a pipeline that names an encrypted field, or id or tenant: give values by $set');
        return { filter: rewrite(filter), update };
      }
      const operators = Object.entries(plainDocument(update as Doc)).map(
        ([operator, changes]) => [operator, plainDocument(changes as Doc)] as const,
      );
      const sealing = operators.some(([, changes]) =>
        Object.keys(changes).some((key) => names.meaningOf(key).kind === 'field'),
      );
      let known = knownOf(filter);
      let scope: Doc = {};
      if (sealing && typeof table.scope === 'object' && known[table.scope.column] === undefined) {
        scope = { [table.scope.column]: scopeOf(table, known, defaultScope()) };
        known = { ...known, ...scope };
      }
      const result: Record<string, Record<string, unknown>> = {};
      const unset: Record<string, unknown> = {};
      for (const [operator, changes] of operators) {
        if (operator === '$set' || (operator === '$setOnInsert' && sealing)) requireSame(changes, known);
        if (operator === '$set' || operator === '$setOnInsert') {
          const { plain, rest } = parts(changes);
          const sealed = seal(plain, { row: known });
          result[operator] = { ...rest, ...sealed.set };
          if (operator === '$set') for (const key of sealed.unset) unset[key] = 1;
        } else if (operator === '$unset') {
          for (const key of removed(changes)) unset[key] = 1;
        } else {
          requireClear(operator, changes);
          result[operator] = changes;
        }
      }
      if (Object.keys(unset).length > 0) result.$unset = unset;
      return { filter: heldTo(filter, scope), update: result };
    },
  };
}
