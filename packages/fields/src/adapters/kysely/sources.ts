import { TableNode } from 'kysely';
import { FieldsError } from '../../errors.ts';
import type { Row } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import type { DeclaredTable } from './declared-tables.ts';
import { requireNotHidden } from './hidden-columns.ts';
import { type ColumnName, tableNameOf } from './operation-nodes.ts';

/** An encrypted field that a query can reach. */
export interface SealedColumn {
  readonly table: DeclaredTable;
  readonly field: ResolvedField;
  /** Which row it is of. */
  readonly group: string;
  /** What a column of the table is called here; undefined where it is out of reach. */
  columnFor(stored: string): string | undefined;
}

/** What a table, a subquery or a `with` gives of encrypted data. */
export interface Shape {
  /** Has every column of this table. */
  readonly whole?: { readonly table: DeclaredTable; readonly group: string } | undefined;
  /** By name in lower case. */
  readonly sealed: ReadonlyMap<string, SealedColumn>;
}

export const NOTHING_SEALED: Shape = { sealed: new Map() };

/** A shape under the name that a query gives it. */
export interface Source extends Shape {
  /** In lower case. */
  readonly name: string;
  readonly table: TableNode;
  /** `excluded`: never meant where no table is named. */
  readonly isQualifiedOnly?: boolean;
}

/** What the names in one part of a query can mean. */
export interface Scope {
  readonly sources: readonly Source[];
  /** Of the query around this one. */
  readonly parent: Scope | undefined;
  readonly withs: ReadonlyMap<string, Shape>;
  /** Values of the row columns that the conditions demand. */
  readonly known: ReadonlyMap<Source, Row>;
}

/** @param ordinal Tells the source from all others in a query. */
export function sourceNamed(name: string, ordinal: number, shape: Shape): Source {
  const sealed = new Map<string, SealedColumn>();
  for (const [output, column] of shape.sealed) sealed.set(output, { ...column, group: `${ordinal}>${column.group}` });
  const whole = shape.whole && { table: shape.whole.table, group: `${ordinal}>${shape.whole.group}` };
  return { name: name.toLowerCase(), table: TableNode.create(name), whole, sealed };
}

/** Whether something gives encrypted data at all. */
export function isEncrypted({ whole, sealed }: Shape): boolean {
  return whole !== undefined || sealed.size > 0;
}

/** Whether a name is that of a table or alias that can be seen. */
export function isSource(name: string, scope: Scope, isWanted = (_: Source) => true): boolean {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    if (at.sources.some((source) => source.name === name.toLowerCase() && isWanted(source))) return true;
  }
  return false;
}

/** Whether it is, and has encrypted data. */
export function isEncryptedSource(name: string, scope: Scope): boolean {
  return isSource(name, scope, isEncrypted);
}

/** A field that was named, and how to name other columns of its source. */
export interface Found {
  readonly column: SealedColumn;
  readonly source: Source;
  readonly qualifier: TableNode | undefined;
}

/**
 * The encrypted field that a name means; undefined: none.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY (it cannot be told, or the name is one that only the adapter may use)
 */
export function resolve({ name, table }: ColumnName, scope: Scope): Found | undefined {
  requireNotHidden(name);
  return table ? resolveQualified(name, table, scope) : resolveUnqualified(name, scope);
}

function resolveQualified(name: string, table: TableNode, scope: Scope): Found | undefined {
  const wanted = tableNameOf(table).toLowerCase();
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const source = at.sources.find((candidate) => candidate.name === wanted);
    if (!source) continue;
    const column = findIn(source, name);
    return column && { column, source, qualifier: table };
  }
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    for (const source of at.sources) {
      const column = findIn(source, name);
      if (column) throw cannotTell(column, `${wanted} is no table or alias that can be seen here`);
    }
  }
  return undefined;
}

function resolveUnqualified(name: string, scope: Scope): Found | undefined {
  let isInner = false;
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const candidates = at.sources.filter(({ isQualifiedOnly }) => !isQualifiedOnly);
    const found = candidates.flatMap((source) => {
      const column = findIn(source, name);
      return column ? [{ column, source, qualifier: candidates.length > 1 ? source.table : undefined }] : [];
    });
    if (found.length > 1 || (found[0] && isInner)) {
      throw cannotTell(found[0]!.column, 'several tables may have it: write its table before it');
    }
    if (found[0]) return found[0];
    isInner ||= candidates.length > 0;
  }
  if (isEncryptedSource(name, scope)) throw wholeRow(name);
  return undefined;
}

/** PostgreSQL takes the name of a table for its row. */
export function wholeRow(name: string): FieldsError {
  const how = 'select its columns, not the row as a value, and write the table before a column of that name';
  return new FieldsError('ERR_UNSUPPORTED_QUERY', `${name} has encrypted columns: ${how}`);
}

function findIn({ sealed, whole }: Source, name: string): SealedColumn | undefined {
  const through = sealed.get(name.toLowerCase());
  if (through) return through;
  const field = whole?.table.find(name);
  if (field === undefined) return undefined;
  const { table, group } = whole!;
  if (field === 'stored') {
    throw unsupported(table.cipher.table, name, 'is a column of encrypted data: name the field instead');
  }
  return { table, field, group, columnFor: (stored) => stored };
}

function cannotTell({ table, field }: SealedColumn, why: string): FieldsError {
  return unsupported(table.cipher.table, field.name, `is encrypted, and it cannot be told whether it is meant: ${why}`);
}
