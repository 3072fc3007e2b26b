import { type Column, eq, getTableColumns, is, Param, Placeholder, SQL, sql, type Table } from 'drizzle-orm';
import { FieldsError } from '../../errors.ts';
import { rowIdOf, scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import type { BoundTable, BoundTables } from './bound-table.ts';
import { markOf } from './columns.ts';
import { equalities } from './conditions.ts';
import type { UpdateConfig, Values } from './internals.ts';

/** Seals what inserts and updates store. */
export interface Writes {
  /** Values of one new row, sealed. */
  insertion(bound: BoundTable, table: Table, values: Values): Values;
  /** An update with sealed values, held to the row and the tenant that they were sealed for. */
  update(bound: BoundTable, config: UpdateConfig): UpdateConfig;
  /** Whether a parameter holds a sealed value or an index of ours. */
  isOurs(value: unknown): boolean;
}

/** Nothing to write: Drizzle puts in the column's default, or leaves it as it is. */
const ABSENT = Symbol('absent');

export function writes(tables: BoundTables, defaultScope: () => string | undefined): Writes {
  const ours = new WeakSet<object>();

  /** What the application gave for a column. @throws FieldsError ERR_UNSUPPORTED_QUERY (not a value) */
  function givenValue(bound: BoundTable, column: Column, given: unknown): unknown {
    if (given === undefined) return ABSENT;
    if (!is(given, Param) || is(given.value, Placeholder)) {
      const why = 'is sealed by its value: expressions and placeholders have none';
      throw unsupported(bound.cipher.table, markOf(column)?.field.name ?? tables.nameOf(column), why);
    }
    return given.value === undefined ? ABSENT : given.value;
  }

  function refuseHidden(bound: BoundTable, column: Column): void {
    throw unsupported(bound.cipher.table, tables.nameOf(column), 'is written by the adapter, not by the application');
  }

  /** The parts of a row: fields to seal, and values to store as they are. */
  function parts(bound: BoundTable, table: Table, given: (key: string, column: Column) => unknown) {
    const plain: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    for (const [key, column] of Object.entries(getTableColumns(table))) {
      const value = given(key, column);
      if (value === undefined) continue;
      const mark = markOf(column);
      if (!mark) rest[key] = value;
      else if (mark.role !== 'sealed') refuseHidden(bound, column);
      else {
        const own = givenValue(bound, column, value);
        if (own !== ABSENT) plain[mark.field.name] = own;
      }
    }
    return { plain, rest };
  }

  /** Sealed columns as Drizzle takes values: by their keys, as parameters. */
  function stored(table: Table, sealed: Record<string, unknown>): Record<string, unknown> {
    const byName = new Map(Object.entries(getTableColumns(table)).map(([key, column]) => [tables.nameOf(column), key]));
    return Object.fromEntries(
      Object.entries(sealed).map(([name, value]) => {
        const key = byName.get(name);
        if (key === undefined) {
          const how = 'spread all that pgColumns or sqliteColumns gives into the table';
          throw new FieldsError('ERR_DECLARATION', `the Drizzle table has no column ${name}: ${how}`);
        }
        const column = getTableColumns(table)[key]!;
        const param = markOf(column)?.role === 'plain' ? new Param(value, column) : new Param(value);
        ours.add(param);
        return [key, param];
      }),
    );
  }

  return {
    isOurs: (value) => typeof value === 'object' && value !== null && ours.has(value),

    insertion(bound, table, values) {
      const { plain, rest } = parts(bound, table, (key, column) => {
        const given = Object.hasOwn(values, key) ? values[key] : undefined;
        if (given !== undefined && !(is(given, Param) && given.value === undefined)) return given;
        // Drizzle would ask for it while it writes the statement: too late for a value that others are bound to.
        const isContext = bound.context.includes(tables.nameOf(column));
        const value: unknown = column.defaultFn?.() ?? (isContext ? column.default : undefined);
        return value === undefined || is(value, SQL) ? value : new Param(value, column);
      });
      if (Object.keys(plain).length === 0) return rest;
      const row: Record<string, unknown> = {};
      for (const [key, column] of Object.entries(getTableColumns(table))) {
        const name = tables.nameOf(column);
        if (!bound.context.includes(name) || rest[key] === undefined) continue;
        row[name] = givenValue(bound, column, rest[key]);
      }
      const { table: declared } = bound.cipher;
      if (typeof declared.scope === 'object' && (row[declared.scope.column] ?? null) === null) {
        // What is sealed for a tenant is stored as theirs.
        const { column: name } = declared.scope;
        row[name] = scopeOf(declared, row, defaultScope());
        const [key, column] = Object.entries(getTableColumns(table)).find(([, each]) => tables.nameOf(each) === name)!;
        rest[key] = new Param(row[name], column);
      }
      return { ...rest, ...stored(table, bound.cipher.sealRow(plain, { row })) };
    },

    update(bound, config) {
      const { table: declared } = bound.cipher;
      const known = equalities(config.where, config.table, tables.nameOf);
      const { plain, rest } = parts(bound, config.table, (key) =>
        Object.hasOwn(config.set, key) ? config.set[key] : undefined,
      );
      for (const [key, column] of Object.entries(getTableColumns(config.table))) {
        const name = tables.nameOf(column);
        if (!bound.context.includes(name) || rest[key] === undefined) continue;
        const idText = (value: unknown) => rowIdOf({ ...declared, id: ['it'] }, { it: value });
        if (!known.has(name) || idText(givenValue(bound, column, rest[key])) !== idText(known.get(name))) {
          throw unsupported(declared, name, 'is what values are sealed for: it stays as it is');
        }
      }
      if (Object.keys(plain).length === 0) return { ...config, set: rest };

      const row = Object.fromEntries([...known].filter(([name]) => bound.context.includes(name)));
      const sealed = bound.cipher.sealRow(plain, { row });
      if (typeof declared.scope === 'object') row[declared.scope.column] ??= scopeOf(declared, row, defaultScope());
      const columns = bound.columnsOf(config.table);
      // Whatever else the condition says: a value that was sealed for one row and tenant reaches no other.
      const only = Object.entries(row).map(([name, value]) => eq(columns.get(name)!, value));
      const where = only.reduce((all, one) => sql`${all} and ${one}`, sql`(${config.where ?? sql`true`})`);
      return { ...config, set: { ...rest, ...stored(config.table, sealed) }, where };
    },
  };
}

const COLUMNS = Symbol.for('drizzle:Columns');

/**
 * A table without those indexes and plain columns that no row fills. Drizzle names all columns in an insert, also those
 * that a migration or rotation has not made yet, or has dropped.
 */
export function writtenPart(table: Table, rows: readonly Values[]): Table {
  const columns = Object.entries(getTableColumns(table)).filter(([key, column]) => {
    const role = markOf(column)?.role;
    return role === undefined || role === 'sealed' || rows.some((row) => row[key] !== undefined);
  });
  const part = Object.fromEntries(columns);
  return new Proxy(table, {
    get: (target, name): unknown => (name === COLUMNS ? part : Reflect.get(target, name)),
  });
}
