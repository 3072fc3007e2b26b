import {
  and,
  Column,
  getTableName,
  inArray,
  is,
  isNotNull,
  isNull,
  isSQLWrapper,
  Name,
  or,
  Param,
  Placeholder,
  SQL,
  StringChunk,
  Subquery,
  sql,
  Table,
  View,
} from 'drizzle-orm';
import type { EncryptedTable } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import type { BoundTables } from './bound-table.ts';
import { type Mark, markOf } from './columns.ts';

/** A value that rows of a shortened index may have. */
class Candidate {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * `eq` for a field whose index is shortened (`filterBits`): finds rows that have other values, too. Drop those with
 * `keepMatches` of `fields.table(…)`, and count or limit nothing before.
 */
export function mayEqual(column: Column, value: unknown): SQL {
  return sql`${column} = ${new Param(new Candidate(value), column)}`;
}

/** Rewrites queries before they are asked, and refuses what has no answer. */
export interface Conditions {
  /**
   * A query in which comparisons of encrypted columns are searches of their indexes.
   *
   * @param isBuilt Made by a query builder: what is text in it, the application has put there.
   * @throws FieldsError ERR_UNSUPPORTED_QUERY
   */
  rewrite(query: SQL, isBuilt: boolean): SQL;
  /** A column for a selection, where encrypted columns are in their place. */
  selected(column: Column): Column;
  /** Takes note of a condition whose rows are kept or left out, and no more is made of it: false and null are the same. */
  filter(condition: SQL | undefined): void;
  /** Lets through a column that Drizzle has put into a selection itself. */
  allow(column: Column): void;
}

/** What is around a part of a query. */
interface Around {
  /** What has to be true together with it: it may say whose rows are looked for. */
  readonly all: SQL | undefined;
  /** Whether it is a condition for which false and null are the same. */
  readonly isFilter: boolean;
}

const NOTHING_AROUND: Around = { all: undefined, isFilter: false };

/** What was seen in a query. */
interface Seen {
  readonly texts: string[];
  readonly tables: Set<string>;
  readonly subqueries: Set<string>;
  readonly searched: { readonly alias: string; readonly mark: Mark }[];
}

export function conditions(
  tables: BoundTables,
  declared: readonly EncryptedTable[],
  isOurs: (param: unknown) => boolean,
): Conditions {
  const allowed = new WeakSet<object>();
  const filters = new WeakSet<SQL>();
  const names = new Map(declared.map((table) => [table, physicalNames(table)]));

  /** The same column, known to be ours by its identity. */
  function selected(column: Column): Column {
    const own = new Proxy(column, {});
    allowed.add(own);
    return own;
  }

  function physical(column: Column, name: string): Column {
    const bound = tables.ofMark(markOf(column)!);
    const found = bound.columnsOf(column.table).get(name);
    if (!found)
      throw unsupported(bound.cipher.table, name, 'is no column of the Drizzle table, and is needed to search');
    return selected(found);
  }

  /** A comparison of an encrypted column as one of its indexes; undefined: it is none. */
  function comparison(query: SQL, seen: Seen, around: Around): SQL | undefined {
    const [column, operator, operand, ...more] = spoken(query);
    if (!is(column, Column) || allowed.has(column) || more.length > 0) return undefined;
    const mark = markOf(column);
    if (mark?.role !== 'sealed') return undefined;
    seen.searched.push({ alias: getTableName(column.table), mark });
    const { cipher } = tables.ofMark(mark);
    const { name } = mark.field;
    const readFrom = () => cipher.columnsOf(name).map((each) => physical(column, each));
    const values = (operands: readonly unknown[]) =>
      operands.map((each) => {
        if (is(each, Param) && !is(each.value, Placeholder)) return each.value;
        throw unsupported(
          cipher.table,
          name,
          'is compared with values only: placeholders and expressions have no index',
        );
      });

    switch (textOf(operator)) {
      case ' is null':
        return operand === undefined ? and(...readFrom().map((each) => isNull(each))) : undefined;
      case ' is not null':
        return operand === undefined ? sql`(${or(...readFrom().map((each) => isNotNull(each)))})` : undefined;
      case ' = ':
        return is(operand, Param) ? search(column, mark, values([operand]), around) : undefined;
      case ' in ':
        return Array.isArray(operand) ? search(column, mark, values(operand), around) : undefined;
      default:
        return undefined;
    }
  }

  function search(column: Column, mark: Mark, wanted: readonly unknown[], { all, isFilter }: Around): SQL {
    const { field, table } = mark;
    const { cipher } = tables.ofMark(mark);
    const row = Object.fromEntries(equalities(all, column.table, tables.nameOf));
    const byColumn = new Map<string, unknown[]>();
    for (const each of wanted) {
      const isCandidate = each instanceof Candidate;
      const { alternatives, isExact } = cipher.search(field.name, isCandidate ? each.value : each, { row });
      if (!isExact && !isCandidate) {
        const how = 'finds too many rows by its shortened index: use mayEqual, and then keepMatches';
        throw unsupported(table, field.name, how);
      }
      for (const { column: name, values } of alternatives) {
        byColumn.set(name, [...(byColumn.get(name) ?? []), ...values]);
      }
    }
    const alternatives = [...byColumn].map(([name, values]) => {
      const found = physical(column, name);
      const encoder = markOf(found)?.role === 'plain' ? found : undefined;
      return inArray(
        sql`${found}`,
        values.map((value) => new Param(value, encoder)),
      );
    });
    if (alternatives.length === 1 || isFilter) return sql`(${or(...alternatives)})`;
    // One of them is null in rows that a rotation or migration has not reached, and under NOT they would be left out.
    const isNothing = and(...cipher.columnsOf(field.name).map((name) => isNull(physical(column, name))));
    const found = or(...alternatives.map((each) => sql`coalesce(${each}, false)`));
    return sql`(case when ${isNothing} then null else ${found} end)`;
  }

  // The order of cases is the one in which Drizzle looks at them.
  function rewriteChunk(chunk: unknown, seen: Seen, around = NOTHING_AROUND): unknown {
    if (is(chunk, StringChunk)) {
      seen.texts.push(textOf(chunk)!);
      return chunk;
    }
    if (is(chunk, Name)) {
      seen.tables.add(chunk.value);
      return chunk;
    }
    if (Array.isArray(chunk)) return chunk.map((each) => rewriteChunk(each, seen));
    if (is(chunk, SQL)) return rewriteSql(chunk, seen, around);
    if (is(chunk, Table)) {
      seen.tables.add(originalName(chunk));
      return chunk;
    }
    if (is(chunk, Column)) {
      seen.tables.add(originalName(chunk.table));
      const mark = markOf(chunk);
      if (mark && !allowed.has(chunk)) throw refused(mark);
      return chunk;
    }
    if (is(chunk, View)) return chunk;
    if (is(chunk, Param)) {
      const mark = is(chunk.encoder, Column) ? markOf(chunk.encoder) : undefined;
      if (mark && !isOurs(chunk) && mark.role !== 'plain') throw refused(mark);
      return chunk;
    }
    if (is(chunk, SQL.Aliased) && chunk.fieldAlias !== undefined) return chunk;
    if (is(chunk, Subquery)) {
      seen.subqueries.add(chunk._.alias);
      if (chunk._.isWith) return chunk;
      return new Subquery(rewriteSql(chunk._.sql as SQL, seen), chunk._.selectedFields, chunk._.alias);
    }
    if (isSQLWrapper(chunk) && !is(chunk, Placeholder)) {
      const inner = rewriteSql(chunk.getSQL(), seen);
      return chunk.shouldOmitSQLParens?.() ? inner : sql`(${inner})`;
    }
    return chunk;
  }

  function rewriteSql(query: SQL, seen: Seen, { all, isFilter: isInFilter } = NOTHING_AROUND): SQL {
    const isFilter = isInFilter || filters.has(query);
    const found = comparison(query, seen, { all, isFilter });
    if (found) return found;
    const inside = insideOf(query, { all, isFilter });
    const copy = new SQL(query.queryChunks.map((chunk) => rewriteChunk(chunk, seen, inside)) as SQL['queryChunks']);
    return isInlined(query) ? copy.inlineParams() : copy;
  }

  function refused({ table, field, role }: Mark): Error {
    const what =
      role === 'sealed' ? 'is encrypted' : `has a column (${role}) that the application has no business with`;
    const how = 'eq, inArray, isNull and isNotNull with values are all that works';
    return unsupported(table, field.name, `${what}: ${how}`);
  }

  return {
    selected,
    filter: (condition) => void (condition && filters.add(condition)),
    allow: (column) => void allowed.add(column),
    rewrite(query, isBuilt) {
      const seen: Seen = { texts: [], tables: new Set(), subqueries: new Set(), searched: [] };
      const rewritten = rewriteSql(query, seen);
      for (const { alias, mark } of seen.searched) {
        if (!seen.subqueries.has(alias)) continue;
        const why = 'is searched inside of the subquery, where its index is, and not outside';
        throw unsupported(mark.table, mark.field.name, why);
      }
      if (isBuilt) {
        for (const [table, mentions] of names) {
          if (!seen.tables.has(table.table) || !seen.texts.some((text) => mentions.test(text))) continue;
          const what = seen.texts.map((text) => mentions.exec(text)?.[0]).find(Boolean)!;
          throw unsupported(table, what, 'is named in the text of a query: give the column of the Drizzle table');
        }
      }
      return rewritten;
    },
  };
}

/**
 * What a condition says that some columns of a table must be, by their names in the database. Only what the whole
 * condition needs to be true counts: what stands under OR or NOT does not.
 */
export function equalities(
  condition: SQL | undefined,
  table: Table,
  nameOf: (column: Column) => string,
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const look = (part: unknown): void => {
    if (!is(part, SQL)) return;
    const [column, operator, value, ...more] = spoken(part);
    if (is(column, Column) && textOf(operator) === ' = ' && is(value, Param) && more.length === 0) {
      const isOwn = getTableName(column.table) === getTableName(table);
      if (isOwn && !is(value.value, Placeholder)) found.set(nameOf(column), value.value);
    } else for (const each of conjuncts(part) ?? []) look(each);
  };
  look(condition);
  return found;
}

/** What has to be true for a condition to be: the parts of an AND; undefined: it is none. */
function conjuncts(condition: SQL): unknown[] | undefined {
  const chunks = spoken(condition);
  const [first, inner, last] = chunks;
  if (chunks.length === 3 && textOf(first) === '(' && textOf(last) === ')') return [inner];
  const isChain = chunks.every((chunk, at) => (at % 2 === 0 ? is(chunk, SQL) : textOf(chunk) === ' and '));
  return isChain ? chunks.filter((_, at) => at % 2 === 0) : undefined;
}

/** What is around the parts of a condition. */
function insideOf(query: SQL, { all, isFilter }: Around): Around {
  if (conjuncts(query)) return { all: all ? sql`${all} and ${query}` : query, isFilter };
  const chunks = spoken(query);
  if (chunks.every((chunk, at) => (at % 2 === 0 ? is(chunk, SQL) : textOf(chunk) === ' or '))) return { all, isFilter };
  return textOf(chunks[0]) === 'not ' && chunks.length === 2 ? { all, isFilter: false } : NOTHING_AROUND;
}

/** The chunks of a query, without the empty ones that templates have. */
function spoken(query: SQL): unknown[] {
  return query.queryChunks.filter((chunk) => textOf(chunk) !== '');
}

function textOf(chunk: unknown): string | undefined {
  return is(chunk, StringChunk) ? chunk.value.join('') : undefined;
}

function originalName(table: Table): string {
  return (table as unknown as Record<symbol, string>)[ORIGINAL_NAME] ?? getTableName(table);
}

const ORIGINAL_NAME = Symbol.for('drizzle:OriginalName');

function isInlined(query: SQL): boolean {
  return (query as unknown as { shouldInlineParams: boolean }).shouldInlineParams;
}

/** Matches the name of any column of a table's fields, as a word. */
function physicalNames({ fields }: EncryptedTable): RegExp {
  const columns = Object.values(fields).flatMap(({ column, plainColumn, index }) => [
    column,
    ...(plainColumn === undefined ? [] : [plainColumn]),
    ...(index ? [index.column, index.nextColumn] : []),
  ]);
  const escaped = columns.map((name) => name.replaceAll('$', '\\$'));
  return new RegExp(`(?<![\\w$-])(?:${escaped.join('|')})(?![\\w$-])`, 'i');
}
