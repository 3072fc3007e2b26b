import { FieldsError } from '../../errors.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';

/** A document, filter, update or what else MongoDB takes as one. */
export type Doc = Readonly<Record<string, unknown>>;

/** What a key of a document, `a` or `a.b.c`, has to do with encrypted fields. */
export type KeyMeaning =
  /** Below: the rest of the key; empty where it is the field itself. */
  | { readonly kind: 'field'; readonly field: ResolvedField; readonly below: readonly string[] }
  /** A key that is stored for a field, and that the application does not see. */
  | { readonly kind: 'hidden' }
  /** Says whose or which document it is. */
  | { readonly kind: 'context' }
  | { readonly kind: 'clear' };

/** Names of an encrypted collection's keys. */
export interface DocumentNames {
  meaningOf(key: string): KeyMeaning;
  /** Whether anything in it, at whatever depth, is or names a key of an encrypted field. */
  mentions(value: unknown): boolean;
  /** The same, also of the keys of the id and of the scope. */
  mentionsContext(value: unknown): boolean;
  /** All keys under which a field is stored. */
  storedKeys(field: ResolvedField): readonly string[];
  /** Keys of the id, and of the scope where it is one. */
  readonly context: readonly string[];
}

/** Expressions that reach keys which are not written out. */
const REACHES_ALL = /^\$\$(ROOT|CURRENT)\b|^\$(getField|setField|unsetField|function|accumulator|where)$/;

export function documentNames({ table }: TableCipher): DocumentNames {
  const stored = new Set([...Object.values(table.fields).flatMap(storedKeys), ...table.hiddenColumns]);
  const context = [...table.id, ...(typeof table.scope === 'object' ? [table.scope.column] : [])];

  function storedKeys({ column, plainColumn, index, isInRecord }: ResolvedField): string[] {
    const own = isInRecord ? [] : [column];
    return [
      ...own,
      ...(plainColumn === undefined ? [] : [plainColumn]),
      ...(index ? [index.column, index.nextColumn] : []),
    ];
  }

  function meaningOf(key: string): KeyMeaning {
    const [root = '', ...below] = key.split('.');
    if (Object.hasOwn(table.fields, root)) return { kind: 'field', field: table.fields[root]!, below };
    // Set as a key, it would be lost, and a condition with it.
    if (stored.has(root) || root === '__proto__') return { kind: 'hidden' };
    return { kind: context.includes(root) ? 'context' : 'clear' };
  }

  function isProtected(key: string): boolean {
    const meaning = meaningOf(key);
    if (meaning.kind !== 'field') return meaning.kind === 'hidden';
    const { field, below } = meaning;
    // What is in clear inside of JSON is like any other key, if it is stored under the name that the application knows.
    return below.length === 0 || field.column !== field.name || touchesSealed(field, below);
  }

  function names(value: unknown, isMeant: (key: string) => boolean): boolean {
    if (typeof value === 'string') return REACHES_ALL.test(value) || isMeant(value.replace(/^\$+/, ''));
    if (typeof value !== 'object' || value === null) return false;
    if (Array.isArray(value)) return value.some((each) => names(each, isMeant));
    if (ArrayBuffer.isView(value) || '_bsontype' in value) return false;
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return entries.some(
      ([key, member]) => REACHES_ALL.test(String(key)) || isMeant(String(key)) || names(member, isMeant),
    );
  }

  return {
    meaningOf,
    mentions: (value) => names(value, isProtected),
    mentionsContext: (value) => names(value, (key) => isProtected(key) || meaningOf(key).kind === 'context'),
    storedKeys,
    context,
  };
}

/**
 * Whether a key below a JSON field lies above, at or below a path of it that is sealed. MongoDB steps into arrays by
 * itself, so positions count for nothing.
 */
export function touchesSealed({ pathParts }: ResolvedField, below: readonly string[]): boolean {
  const bare = (parts: readonly string[]) => parts.filter((part) => part !== '*' && !/^\d+$|^\$/.test(part));
  const key = bare(below);
  return (
    !pathParts ||
    pathParts.some((path) => {
      const sealed = bare(path);
      return sealed.every((part, at) => at >= key.length || part === key[at]);
    })
  );
}

export function unsupportedKey(table: EncryptedTable, key: string, problem: string): FieldsError {
  return new FieldsError('ERR_UNSUPPORTED_QUERY', `${table.name}.${key} ${problem}`);
}
