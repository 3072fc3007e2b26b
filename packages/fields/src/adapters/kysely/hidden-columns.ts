import { FieldsError } from '../../errors.ts';
import type { DeclaredTable } from './declared-tables.ts';

/** A column that a query fetches beside what it was asked for, under a name of its own. */
export interface HiddenColumn {
  readonly table: DeclaredTable;
  /** Which row it belongs to, where a query has several: values of one group open together. */
  readonly group: string;
  /** The column of the table that it holds; undefined: it marks that the result has all columns of the table. */
  readonly stored: string | undefined;
  /** Which fields to open from it, and under which names to give them. */
  readonly outputs: readonly { readonly name: string; readonly field: string }[];
}

/**
 * Names of hidden columns. Sealed values travel under such names only, so that a result says by itself what is in it:
 * Kysely has one id for all queries that are made from one builder, and so the id alone would not.
 */
export interface HiddenColumns {
  /** The same name for the same column, whichever query asks. */
  nameOf(column: HiddenColumn): string;
  get(name: string): HiddenColumn | undefined;
  readonly size: number;
}

const PREFIX = 'bw:';

export function hiddenColumns(): HiddenColumns {
  const names = new Map<string, string>();
  const columns = new Map<string, HiddenColumn>();
  return {
    nameOf(column) {
      const meaning = JSON.stringify([column.group, column.stored, column.outputs]);
      const known = names.get(meaning);
      if (known !== undefined) return known;
      const name = `${PREFIX}${names.size}`;
      names.set(meaning, name);
      columns.set(name, column);
      return name;
    },
    get: (name) => columns.get(name),
    get size() {
      return columns.size;
    },
  };
}

/** @throws FieldsError ERR_UNSUPPORTED_QUERY (only the adapter gives such names) */
export function requireNotHidden(name: string): void {
  if (!name.toLowerCase().startsWith(PREFIX)) return;
  const why = 'is a name that the adapter keeps to itself; was the query rewritten before, and then by another plugin?';
  throw new FieldsError('ERR_UNSUPPORTED_QUERY', `${name} ${why}`);
}
