import { Model } from 'sequelize';
import { type Row, scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { refuseFields, rewriteWhere, type WhereContext } from './conditions.ts';
import { type AnyModel, type EncryptedModel, type EncryptedModels, isOwn } from './models.ts';
import { rawSqlGuard, type Source } from './raw-sql.ts';

/** Options of a query as the query interface gets them: by column, with includes that Sequelize has resolved. */
export interface SelectOptions {
  attributes?: AttributeItem[] | undefined;
  originalAttributes?: AttributeItem[] | undefined;
  where?: unknown;
  having?: unknown;
  group?: unknown;
  order?: unknown;
  include?: Include[];
  includeIgnoreAttributes?: boolean;
  raw?: boolean;
  nest?: boolean;
}

type AttributeItem = string | readonly [unknown, string];

interface Include extends SelectOptions {
  readonly model: AnyModel;
  readonly as: string;
  readonly on?: unknown;
  readonly separate?: boolean;
}

/** How the rows of a model in a result are opened, and those of its includes. */
interface Opening {
  readonly model: EncryptedModel | undefined;
  /** Which column each name in the result has. */
  readonly columns: ReadonlyMap<string, string>;
  /** Names in the result that the application did not ask for. */
  readonly extras: ReadonlySet<string>;
  readonly includes: readonly { readonly as: string; readonly opening: Opening }[];
}

/** How names of such begin: no attribute has one. */
const EXTRA = 'bw:';

/** Opens the rows of a result, instances or raw, in their place. */
export type OpenResult = (result: unknown) => Promise<void>;

/**
 * Makes a query of the application one that the database can answer. The options are changed: they are Sequelize's copy.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export async function prepareSelect(
  models: EncryptedModels,
  model: AnyModel,
  options: SelectOptions,
  isAggregate: boolean,
): Promise<OpenResult> {
  const guard = rawSqlGuard(models, sourcesOf(models, model, options));
  const opening = await prepare(model, options, []);
  guard.refuseInOrder(options.order, model);
  guard.refuseInOrder(options.group, model);
  return (result) => openResult(models, opening, options, result);

  async function prepare(of: AnyModel, part: SelectOptions, path: readonly string[]): Promise<Opening> {
    const entity = models.find(of);
    const context: WhereContext = {
      guard,
      model: entity,
      isOwn: (name) => isOwn(of, name),
      modelAt(at) {
        const found = modelAt(model, options, at);
        return found ? models.find(found) : null;
      },
    };
    if (part.where) part.where = await rewriteWhere(part.where, context);
    refuseFields(part.having, context);
    const columns = isIgnored(part) ? new Map<string, string>() : selectColumns(entity, part);
    const includes: Opening['includes'][number][] = [];
    for (const include of part.include ?? []) {
      if (include.separate) continue; // is a query of its own
      refuseFields(include.on, { ...context, model: models.find(include.model) });
      includes.push({ as: include.as, opening: await prepare(include.model, include, [...path, include.as]) });
    }
    const extras = new Set([...columns.keys()].filter((name) => name.startsWith(EXTRA)));
    return { model: entity, columns, extras, includes };
  }

  /** Aggregates say of includes that nothing is selected of them. */
  function isIgnored(part: SelectOptions): boolean {
    return part !== options && isAggregate && options.includeIgnoreAttributes === false;
  }

  /** Leaves columns of the encryption out of what is selected, and adds what it takes to open the others. */
  function selectColumns(entity: EncryptedModel | undefined, part: SelectOptions): ReadonlyMap<string, string> {
    const columns = new Map<string, string>();
    const items = (part.attributes ?? []).filter((item) => !nameOf(item).startsWith(EXTRA));
    for (const item of items) {
      const column = typeof item === 'string' ? item : item[0];
      if (typeof column === 'string') {
        // Text that is no name of a column goes into SQL as it is.
        const isHidden = entity?.isHidden(nameOf(item)) ?? true;
        if (!isHidden && !entity?.fieldOf(column) && !entity?.clearColumns.includes(column)) guard.refuseName(column);
        columns.set(nameOf(item), column);
      } else guard.refuseIn(column);
    }
    if (!entity || !part.attributes) return columns;
    const { table, cipher, placeColumns } = entity;
    const isShown = (item: AttributeItem) => !entity.isHidden(nameOf(item));
    for (const name of [...columns.keys()]) if (entity.isHidden(name)) columns.delete(name);
    const wanted = [...new Set(columns.values())].flatMap((column) => entity.fieldOf(column) ?? []);
    if (isAggregate && wanted[0]) throw unsupported(table, wanted[0].name, 'is encrypted, beside an aggregate');
    const isGrouped = part.group !== undefined && part.group !== null;
    const needed = [...placeColumns, ...wanted.flatMap(({ name }) => cipher.columnsOf(name))];
    // Sequelize selects primary keys that it then does not give to instances.
    const given = part.originalAttributes && new Set(part.originalAttributes.map(nameOf));
    const present = new Set([...columns].flatMap(([name, column]) => (!given || given.has(name) ? column : [])));
    const missing =
      wanted.length === 0 || isGrouped ? [] : [...new Set(needed)].filter((column) => !present.has(column));
    for (const column of missing) columns.set(`${EXTRA}${column}`, column);
    const extras = missing.map((column) => [column, `${EXTRA}${column}`] as const);
    part.attributes = [...items.filter(isShown), ...extras];
    if (part.originalAttributes) {
      const names = extras.map(([, name]) => name);
      part.originalAttributes = [...part.originalAttributes.filter(isShown), ...names];
    }
    return columns;
  }
}

function nameOf(item: AttributeItem): string {
  return typeof item === 'string' ? item : String(item[1]);
}

/** The encrypted models of a query, with the aliases that Sequelize gives them. */
function sourcesOf(models: EncryptedModels, model: AnyModel, options: SelectOptions): Source[] {
  const main = models.find(model);
  const found: Source[] = main ? [{ model: main, alias: model.name }] : [];
  collect(options.include, []);
  return found;

  function collect(includes: readonly Include[] | undefined, path: readonly string[]): void {
    for (const include of includes ?? []) {
      const at = [...path, include.as];
      const included = models.find(include.model);
      if (included) found.push({ model: included, alias: at.join('->') });
      collect(include.include, at);
    }
  }
}

function modelAt(model: AnyModel, options: SelectOptions, path: readonly string[]): AnyModel | undefined {
  let current: SelectOptions = options;
  let found: AnyModel | undefined = path.length === 1 && path[0] === model.name ? model : undefined;
  for (const as of path) {
    const include: Include | undefined = current.include?.find((one) => one.as === as);
    if (!include) return found;
    current = include;
    found = include.model;
  }
  return found;
}

/** Opens what an update has given back, under the names of attributes. */
export async function openReturned(
  models: EncryptedModels,
  model: EncryptedModel,
  columns: readonly string[],
  result: unknown,
): Promise<void> {
  const named = new Map(columns.map((column) => [model.attributeOf(column), column]));
  const extras = new Set([...named.keys()].filter((name) => model.isHidden(name)));
  await openResult(models, { model, columns: named, extras, includes: [] }, {}, result);
}

/** A row of one model in a result, whatever form it has. */
interface ResultRow {
  readonly opening: Opening;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  remove(name: string): void;
}

async function openResult(
  models: EncryptedModels,
  opening: Opening,
  options: SelectOptions,
  result: unknown,
): Promise<void> {
  const rows: ResultRow[] = [];
  for (const one of [result].flat() as unknown[]) {
    if (one instanceof Model) collectInstance(one, opening, rows);
    else if (typeof one === 'object' && one !== null)
      collectRaw(one as RawRow, opening, options.nest === true, '', rows);
  }
  const closed = rows.flatMap((row) => {
    const { model, columns } = row.opening;
    if (!model) return [];
    const stored: Record<string, unknown> = {};
    for (const [name, column] of columns) if (row.get(name) !== undefined) stored[column] = row.get(name);
    return [{ row, model, stored }];
  });
  const scopes = new Set<string>();
  for (const { model, stored } of closed) {
    const isSealed = Object.entries(stored).some(([column, value]) => value !== null && model.fieldOf(column));
    if (isSealed) scopes.add(scopeOf(model.table, stored, models.fields.defaultScope()));
  }
  for (const scope of scopes) await models.fields.ready(scope);
  for (const { row, model, stored } of closed) openRow(row, model, stored);
}

function openRow(row: ResultRow, model: EncryptedModel, stored: Row): void {
  const opened: Row = model.cipher.openRow(stored);
  for (const [name, column] of row.opening.columns) {
    if (row.opening.extras.has(name)) row.remove(name);
    else {
      const field = model.fieldOf(column);
      if (field && row.get(name) !== undefined) row.set(name, opened[field.name] ?? null);
    }
  }
}

type RawRow = Record<string, unknown>;

/** What an instance holds, and what it was before it was changed. */
interface InstanceValues {
  readonly dataValues: RawRow;
  readonly _previousDataValues: RawRow;
}

function collectInstance(instance: Model, opening: Opening, rows: ResultRow[]): void {
  const { dataValues, _previousDataValues: previous } = instance as unknown as InstanceValues;
  rows.push({
    opening,
    get: (name) => dataValues[name],
    set(name, value) {
      dataValues[name] = value;
      previous[name] = value;
    },
    remove(name) {
      delete dataValues[name];
      delete previous[name];
    },
  });
  for (const { as, opening: included } of opening.includes) {
    for (const one of [dataValues[as]].flat()) if (one instanceof Model) collectInstance(one, included, rows);
  }
}

/** Raw rows have what they include under names with a path, or nested. */
function collectRaw(row: RawRow, opening: Opening, isNested: boolean, prefix: string, rows: ResultRow[]): void {
  rows.push({
    opening,
    get: (name) => row[prefix + name],
    set(name, value) {
      row[prefix + name] = value;
    },
    remove(name) {
      delete row[prefix + name];
    },
  });
  for (const { as, opening: included } of opening.includes) {
    if (!isNested) collectRaw(row, included, false, `${prefix}${as}.`, rows);
    else if (typeof row[as] === 'object' && row[as] !== null) collectRaw(row[as] as RawRow, included, true, '', rows);
  }
}
