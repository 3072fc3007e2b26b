import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { scopeOf } from '../../row-id.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { type Doc, type DocumentNames, unsupportedKey } from './document-names.ts';
import { readable } from './stored-values.ts';

/** Which keys to ask for, and which of them the application has not asked for. */
export interface Projection {
  readonly projection: Doc | undefined;
  readonly added: readonly string[];
}

/** Opens documents. */
export interface Reads {
  /** @throws FieldsError ERR_UNSUPPORTED_QUERY (an expression of an encrypted field) */
  project(projection: unknown): Projection;
  /** Waits for the keys of a document, and opens it. */
  open<D>(doc: D, added?: readonly string[]): Promise<D>;
}

export function reads(cipher: TableCipher, names: DocumentNames, fields: Fields): Reads {
  const { table } = cipher;
  const sealedKeys = new Set([
    ...Object.values(table.fields).flatMap((field) => names.storedKeys(field)),
    ...table.hiddenColumns,
  ]);
  /** Nothing is stored under these: what somebody put there must not be taken for a value. */
  const neverStored = Object.keys(table.fields).filter((name) => !sealedKeys.has(name));

  return {
    project(given) {
      const entries = Object.entries((given ?? {}) as Doc);
      if (entries.length === 0) return { projection: undefined, added: [] };
      // `_id` says of itself only, unless it is all that is said.
      const telling = entries.filter(([key]) => key !== '_id');
      const isIncluding = (telling.length > 0 ? telling : entries).some(([, value]) => isTruthy(value));
      const projection: Record<string, unknown> = {};
      let readsSealed = !isIncluding;
      for (const [key, value] of entries) {
        const meaning = names.meaningOf(key);
        const isExpression = typeof value === 'object' || typeof value === 'string';
        if (meaning.kind === 'hidden' || (isExpression && (meaning.kind === 'field' || names.mentions(value)))) {
          throw unsupportedKey(table, key, 'is encrypted, and is selected as a whole or not at all');
        }
        if (meaning.kind !== 'field') projection[key] = value;
        else if (meaning.below.length > 0) {
          projection[[meaning.field.column, ...meaning.below].join('.')] = value;
          readsSealed ||= isIncluding;
        } else if (isTruthy(value)) {
          for (const stored of cipher.columnsOf(key)) projection[stored] = 1;
          readsSealed = true;
        } else for (const stored of names.storedKeys(meaning.field)) projection[stored] = 0;
      }
      if (!readsSealed) return { projection, added: [] };
      const added: string[] = [];
      for (const key of names.context) {
        const asked = projection[key];
        const isThere = isIncluding
          ? isTruthy(asked) || (key === '_id' && asked === undefined)
          : asked === undefined || isTruthy(asked);
        if (isThere) continue;
        added.push(key);
        if (isIncluding) projection[key] = 1;
        else delete projection[key];
      }
      return { projection, added };
    },

    async open<D>(doc: D, added: readonly string[] = []): Promise<D> {
      if (typeof doc !== 'object' || doc === null) return doc;
      const stored = readable(doc as Doc);
      const forged = neverStored.find((name) => Object.hasOwn(stored, name));
      if (forged !== undefined) {
        throw new FieldsError('ERR_NOT_SEALED', `${table.name}.${forged} holds a value that is not sealed`);
      }
      if ([...sealedKeys].some((key) => (stored[key] ?? null) !== null)) {
        await fields.ready(scopeOf(table, stored, fields.defaultScope()));
      }
      const opened: Record<string, unknown> = cipher.openRow(stored);
      // What is not sealed is given as the driver gave it.
      for (const [key, value] of Object.entries(doc)) {
        if (!sealedKeys.has(key) && Object.hasOwn(opened, key)) opened[key] = value;
      }
      for (const key of added) delete opened[key];
      return opened as D;
    },
  };
}

function isTruthy(value: unknown): boolean {
  return value !== 0 && value !== false && value !== undefined && value !== null;
}
