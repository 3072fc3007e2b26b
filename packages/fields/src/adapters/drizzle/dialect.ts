import { Column, getTableColumns, is, SQL } from 'drizzle-orm';
import type { Fields } from '../../fields.ts';
import { unsupported } from '../../table-cipher.ts';
import { boundTables } from './bound-table.ts';
import { markOf } from './columns.ts';
import { conditions } from './conditions.ts';
import type {
  Dialect,
  Extras,
  RelationalConfig,
  RelationalItem,
  RelationalQuery,
  SelectedField,
  Values,
} from './internals.ts';
import { expand, refuseCompared, relationalColumns, relationalShape, type Shape, shapeOf } from './results.ts';
import { writes, writtenPart } from './writes.ts';

/** What queries give. */
export interface Shapes {
  /** With the columns that are selected instead. */
  ofSelection(selection: readonly SelectedField[]): {
    readonly columns: readonly SelectedField[];
    readonly shape: Shape;
  };
  /** Of a relational query, that has been made text; undefined: it is none. */
  ofQuery(query: object): Shape | undefined;
}

/** Has every statement of a dialect sealed and rewritten before it becomes text. */
export function careOfDialect(dialect: Dialect, fields: Fields): Shapes {
  const tables = boundTables(fields, dialect);
  const { insertion, update, isOurs } = writes(tables, fields.defaultScope);
  const { rewrite, selected, filter, allow } = conditions(tables, fields.tables, isOurs);
  const built = new WeakSet<SQL>();
  const checked = new WeakSet<object>();
  const items = new WeakMap<object, readonly RelationalItem[]>();
  const added = new WeakMap<object, ReadonlySet<string>>();

  const original = {
    sqlToQuery: dialect.sqlToQuery.bind(dialect),
    buildSelection: dialect.buildSelection.bind(dialect),
    buildSelectQuery: dialect.buildSelectQuery.bind(dialect),
    buildInsertQuery: dialect.buildInsertQuery.bind(dialect),
    buildUpdateQuery: dialect.buildUpdateQuery.bind(dialect),
    buildUpdateSet: dialect.buildUpdateSet.bind(dialect),
    buildDeleteQuery: dialect.buildDeleteQuery.bind(dialect),
    buildRelationalQuery: dialect.buildRelationalQuery?.bind(dialect),
    buildRelationalQueryWithoutPK: dialect.buildRelationalQueryWithoutPK?.bind(dialect),
  };

  function isBuilt(query: SQL): SQL {
    built.add(query);
    return query;
  }

  dialect.sqlToQuery = (query, invokeSource) => {
    const text = original.sqlToQuery(rewrite(query, built.has(query)), invokeSource);
    const selection = items.get(query);
    if (selection) items.set(text, selection);
    return text;
  };

  dialect.buildSelection = (selection, options) => {
    // Relational queries have chosen their columns and looked at expressions before; what they select has no path.
    const isRelational = selection.some(({ path }) => path.length === 0);
    const columns = isRelational ? selection : expand(selection, tables);
    return original.buildSelection(
      columns.map(({ path, field }) => ({
        path,
        field: is(field, Column) ? selectedColumn(field) : isRelational ? field : expression(field),
      })),
      options,
    );
  };

  const selectedColumn = (column: Column) => (markOf(column) ? selected(column) : column);

  /** Drizzle puts names in the place of columns here: afterwards an expression does not show which they are. */
  function expression(field: SelectedField['field']): SelectedField['field'] {
    if (is(field, SQL)) return rewrite(field, false);
    const isOwn = is(field, SQL.Aliased) && !(field as { isSelectionField?: boolean }).isSelectionField;
    return isOwn ? new SQL.Aliased(rewrite(field.sql, false), field.fieldAlias) : field;
  }

  dialect.buildSelectQuery = (config) => {
    const { fieldsFlat, fields: tree, distinct, groupBy = [], setOperators } = config;
    const isComparing = (distinct ?? false) !== false || groupBy.length > 0 || setOperators.length > 0;
    if (isComparing) refuseCompared(fieldsFlat ?? tree);
    for (const { rightSelect, orderBy = [] } of setOperators) {
      refuseCompared(rightSelect.getSelectedFields());
      rewrite(new SQL([...orderBy] as SQL['queryChunks']), false);
    }
    filter(config.where);
    for (const { on } of config.joins ?? []) filter(on);
    return isBuilt(original.buildSelectQuery(config));
  };

  dialect.buildInsertQuery = (config) => {
    const { table, values } = config;
    const bound = tables.of(table);
    if (!bound) return isBuilt(original.buildInsertQuery(config));
    if (config.select || !Array.isArray(values)) {
      const why = 'cannot be filled by a select: what is sealed elsewhere does not open here';
      throw unsupported(bound.cipher.table, Object.keys(bound.cipher.table.fields)[0]!, why);
    }
    const sealed = values.map((row: Values) => insertion(bound, table, row));
    return isBuilt(original.buildInsertQuery({ ...config, table: writtenPart(table, sealed), values: sealed }));
  };

  dialect.buildUpdateQuery = (config) => {
    const bound = tables.of(config.table);
    const sealed = bound ? update(bound, config) : config;
    filter(sealed.where);
    checked.add(sealed.set);
    return isBuilt(original.buildUpdateQuery(sealed));
  };

  // Asked by buildUpdateQuery, when all is sealed, and for the second half of an upsert, when nothing is.
  dialect.buildUpdateSet = (table, set) => {
    const columns = getTableColumns(table);
    const bound = checked.has(set) ? undefined : tables.of(table);
    for (const [key, value] of Object.entries(set)) {
      if (!Object.hasOwn(columns, key) || value === undefined) continue;
      const name = tables.nameOf(columns[key]!);
      if (bound?.context.includes(name)) {
        throw unsupported(bound.cipher.table, name, 'is what values are sealed for: an upsert leaves it as it is');
      }
      const mark = markOf(columns[key]!);
      if (!mark || isOurs(value)) continue;
      const why = 'cannot be changed by an upsert, which does not say in which row: update it by its id';
      throw unsupported(mark.table, mark.field.name, why);
    }
    return original.buildUpdateSet(table, set);
  };

  dialect.buildDeleteQuery = (config) => {
    filter(config.where);
    return isBuilt(original.buildDeleteQuery(config));
  };

  function refusingExtras(extras: Extras): Extras {
    if (typeof extras === 'function')
      return (...args) => refusingExtras(extras(...args)) as Record<string, SQL.Aliased>;
    for (const extra of Object.values(extras)) rewrite(extra.sql, false);
    return extras;
  }

  const relational = (build: (config: RelationalConfig) => RelationalQuery) => (config: RelationalConfig) => {
    const given = config.queryConfig === true ? {} : config.queryConfig;
    const chosen = relationalColumns(config, tables);
    const queryConfig = {
      ...given,
      ...(given.extras && { extras: refusingExtras(given.extras) }),
      ...(chosen && { columns: chosen.columns }),
    };
    const query = build({ ...config, queryConfig });
    if (chosen) added.set(query.selection, chosen.added);
    // PostgreSQL's dialect selects columns of relations by themselves, without buildSelection.
    for (const { field } of query.selection) if (is(field, Column)) allow(field);
    if (is(query.sql, SQL)) items.set(query.sql, query.selection);
    return query;
  };
  if (original.buildRelationalQuery) dialect.buildRelationalQuery = relational(original.buildRelationalQuery);
  if (original.buildRelationalQueryWithoutPK) {
    dialect.buildRelationalQueryWithoutPK = relational(original.buildRelationalQueryWithoutPK);
  }

  return {
    ofSelection: (selection) => ({ columns: expand(selection, tables), shape: shapeOf(selection, tables) }),
    ofQuery(query) {
      const selection = items.get(query);
      return selection && relationalShape(selection, (each) => added.get(each), tables);
    },
  };
}
