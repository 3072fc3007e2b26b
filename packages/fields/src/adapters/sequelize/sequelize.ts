import { type Model, Op, type Sequelize, type TableName } from 'sequelize';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { Row } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { knownRow, rewriteWhere } from './conditions.ts';
import { type AnyModel, type EncryptedModel, encryptedModels, isOwn } from './models.ts';
import { rawSqlGuard } from './raw-sql.ts';
import { openReturned, prepareSelect, type SelectOptions } from './select.ts';
import {
  openableReturning,
  overwriting,
  type ReturningOptions,
  sealValues,
  updatedRow,
  type Values,
  withoutSealed,
} from './writes.ts';

export { type EncryptedAttributes, encryptedAttributes, encryptedIndexes, hiddenAttribute } from './attributes.ts';

/** What Sequelize's models call, with the arguments that they give. Values and conditions are by column. */
interface Statements {
  insert(instance: Model | null, table: TableName, values: Values, options: WriteOptions): Promise<unknown>;
  bulkInsert(table: TableName, rows: Values[], options?: BulkOptions, attributes?: object): Promise<unknown>;
  upsert(table: TableName, values: Values, changes: Values, where: unknown, options: UpsertOptions): Promise<unknown>;
  update(instance: Model, table: TableName, values: Values, where: unknown, options: WriteOptions): Promise<unknown>;
  bulkUpdate(
    table: TableName,
    values: Values,
    where: unknown,
    options?: WriteOptions,
    types?: unknown,
  ): Promise<unknown>;
  bulkDelete(table: TableName, where: unknown, options?: WriteOptions, model?: AnyModel): Promise<unknown>;
  increment: Arithmetic;
  decrement: Arithmetic;
  select(model: AnyModel | null, table: TableName, options?: SelectOptions): Promise<unknown>;
  rawSelect(table: TableName, options: SelectOptions, name: string, model?: AnyModel): Promise<unknown>;
}

type Arithmetic = (
  model: AnyModel,
  table: TableName,
  where: unknown,
  amounts: Values,
  extra: Values,
  options: WriteOptions,
) => Promise<unknown>;

interface WriteOptions extends ReturningOptions {
  readonly model?: AnyModel;
  readonly transaction?: unknown;
  readonly logging?: unknown;
  readonly searchPath?: unknown;
}

interface BulkOptions extends WriteOptions {
  readonly updateOnDuplicate?: readonly string[];
  readonly upsertKeys?: readonly string[];
  readonly conflictAttributes?: readonly string[];
}

interface UpsertOptions extends WriteOptions {
  readonly conflictFields?: readonly string[];
}

const encrypting = new WeakSet<Sequelize>();

/**
 * Makes a Sequelize encrypt: models with `encryptedAttributes` are stored, found and loaded with plain values. Call it once,
 * before the first query. Instances are never changed: values are sealed on their way from Sequelize's models to its query
 * interface, and opened on their way back.
 *
 * @returns The same Sequelize.
 * @throws FieldsError ERR_DECLARATION (called twice). Queries of a model throw it where its attributes are not those of the
 *   declared table; ERR_UNSUPPORTED_QUERY where an encrypted field has no answer to them.
 */
export function encryptSequelize<S extends Sequelize>(sequelize: S, fields: Fields): S {
  if (encrypting.has(sequelize)) throw new FieldsError('ERR_DECLARATION', 'this Sequelize encrypts already');
  encrypting.add(sequelize);
  const statements = sequelize.getQueryInterface() as unknown as Statements;
  Object.assign(statements, encryptedStatements(sequelize, fields, { ...bound(statements) }));
  return sequelize;
}

const NAMES = [
  'insert',
  'bulkInsert',
  'upsert',
  'update',
  'bulkUpdate',
  'bulkDelete',
  'increment',
  'decrement',
  'select',
  'rawSelect',
] as const satisfies readonly (keyof Statements)[];

function bound(statements: Statements): Statements {
  const methods = NAMES.map((name) => [name, (statements[name] as () => unknown).bind(statements)]);
  return Object.fromEntries(methods) as Statements;
}

function encryptedStatements(sequelize: Sequelize, fields: Fields, plain: Statements): Statements {
  const models = encryptedModels(fields);
  const dialect = sequelize.getDialect();

  /** @throws FieldsError ERR_UNSUPPORTED_QUERY (a declared table without a model) */
  function find(model: AnyModel | null | undefined, table: TableName) {
    const declared = models.tableNamed(table);
    const known = model ?? Object.values(sequelize.models).find(({ tableName }) => tableName === declared?.table);
    const entity = models.find(known);
    if (declared && !entity) throw unsupported(declared, '*', 'is encrypted: define its model');
    return entity && { entity, model: known!, guard: rawSqlGuard(models, [{ model: entity, alias: known!.name }]) };
  }
  type Found = NonNullable<ReturnType<typeof find>>;

  const rewritten = ({ entity, model, guard }: Found, where: unknown) =>
    rewriteWhere(where, { guard, model: entity, isOwn: (name) => isOwn(model, name), modelAt: () => null });

  /** What an update is to write, and in which rows. */
  async function sealUpdate(
    found: Found,
    table: TableName,
    values: Values,
    where: unknown,
    known: Row,
    options: WriteOptions,
  ) {
    const { entity, model, guard } = found;
    const how = { transaction: options.transaction, logging: options.logging, searchPath: options.searchPath };
    const readScope = (column: string) => {
      const id = Object.fromEntries(entity.table.id.map((name) => [name, known[name]]));
      const asked: SelectOptions = { attributes: [[column, 'scope']], where: id };
      return plain.rawSelect(table, { ...asked, ...how }, 'scope', model);
    };
    const row = await updatedRow(entity, values, known, readScope);
    return {
      values: await sealValues(entity, values, guard, row.known),
      where: Object.keys(row.asked).length === 0 ? where : { [Op.and]: [where, row.asked] },
    };
  }

  function arithmetic(run: Arithmetic): Arithmetic {
    return async (model, table, where, amounts, extra, options) => {
      const found = find(model, table);
      if (!found) return run(model, table, where, amounts, extra, options);
      const { entity } = found;
      const name = Object.keys(amounts).find((column) => entity.names.has(column.toLowerCase()));
      if (name !== undefined)
        throw unsupported(entity.table, name, 'is encrypted: the database cannot compute with it');
      found.guard.refuseIn(amounts);
      return run(model, table, await rewritten(found, where), amounts, extra, withoutSealed(entity, options));
    };
  }

  return {
    async insert(instance, table, values, options) {
      const found = find(modelOf(instance), table);
      if (!found) return plain.insert(instance, table, values, options);
      const sealed = await sealValues(found.entity, values, found.guard);
      return plain.insert(instance, table, sealed, withoutSealed(found.entity, options));
    },

    async bulkInsert(table, rows, options = {}, attributes) {
      const found = find(options.model, table);
      if (!found) return plain.bulkInsert(table, rows, options, attributes);
      const { entity, guard } = found;
      const sealed: Values[] = [];
      for (const values of rows) sealed.push(await sealValues(entity, values, guard));
      const how = withoutSealed(entity, options);
      const types = { ...attributesByColumn(found.model), ...attributes };
      if (!options.updateOnDuplicate) return plain.bulkInsert(table, sealed, how, types);
      const chosen = options.conflictAttributes ? options.upsertKeys : undefined;
      const { columns, target } = overwriting(entity, options.updateOnDuplicate, chosen, dialect);
      const upsertKeys = target ?? options.upsertKeys?.filter((column) => !entity.hiddenColumns.has(column)) ?? [];
      const keys = upsertKeys.length > 0 ? upsertKeys : entity.table.id;
      return plain.bulkInsert(table, sealed, { ...how, updateOnDuplicate: columns, upsertKeys: keys }, types);
    },

    async upsert(table, values, changes, where, options) {
      const found = find(options.model, table);
      if (!found) return plain.upsert(table, values, changes, where, options);
      const { entity, guard } = found;
      const { columns, target } = overwriting(entity, Object.keys(changes), options.conflictFields, dialect);
      const sealed = await sealValues(entity, values, guard);
      const sealedChanges = Object.fromEntries(columns.map((column) => [column, sealed[column]]));
      const how = { ...withoutSealed(entity, options), ...(target && { conflictFields: target }) };
      return plain.upsert(table, sealed, sealedChanges, where, how);
    },

    async update(instance, table, values, where, options) {
      const found = find(modelOf(instance), table);
      if (!found) return plain.update(instance, table, values, where, options);
      const { entity } = found;
      const loaded = loadedPlace(entity, instance);
      const known = { ...loaded, ...knownRow(entity, where) };
      const held = heldToTenant(entity, values, where, loaded);
      const sealed = await sealUpdate(found, table, values, held, known, options);
      return plain.update(instance, table, sealed.values, sealed.where, withoutSealed(entity, options));
    },

    async bulkUpdate(table, values, where, options = {}, types) {
      const found = find(options.model, table);
      if (!found) return plain.bulkUpdate(table, values, where, options, types);
      const { entity } = found;
      const asked = await rewritten(found, where);
      const sealed = await sealUpdate(found, table, values, asked, knownRow(entity, where), options);
      const columns = openableReturning(entity, options);
      const how = { ...options, model: found.model, ...(columns && { returning: columns }) };
      const attributes = types ?? attributesByColumn(found.model);
      const result = await plain.bulkUpdate(table, sealed.values, sealed.where, how, attributes);
      if (columns) await openReturned(models, entity, columns, result);
      return result;
    },

    async bulkDelete(table, where, options, model) {
      const found = find(model ?? options?.model, table);
      if (!found) return plain.bulkDelete(table, where, options, model);
      return plain.bulkDelete(table, await rewritten(found, where), options, found.model);
    },

    increment: arithmetic(plain.increment),
    decrement: arithmetic(plain.decrement),

    async select(model, table, options = {}) {
      find(requireModel(model, table), table);
      if (!model) return plain.select(model, table, options);
      const open = await prepareSelect(models, model, options, false);
      const result = await plain.select(model, table, options);
      await open(result);
      return result;
    },

    async rawSelect(table, options, name, model) {
      find(requireModel(model, table), table);
      if (model) await prepareSelect(models, model, options, true);
      return plain.rawSelect(table, options, name, model);
    },
  };

  function requireModel<M extends AnyModel | null | undefined>(model: M, table: TableName): M {
    const declared = models.tableNamed(table);
    if (!model && declared) throw unsupported(declared, '*', 'is encrypted: select by its model');
    return model;
  }
}

function modelOf(instance: Model | null): AnyModel | undefined {
  return (instance?.constructor as AnyModel | undefined) ?? undefined;
}

/** What an instance was loaded with, of what says whose row it is. */
function loadedPlace(entity: EncryptedModel, instance: Model): Row {
  const place = entity.placeColumns.map((column) => {
    const attribute = entity.attributeOf(column);
    return [column, instance.previous(attribute as never) as unknown] as const;
  });
  return Object.fromEntries(place.filter(([, value]) => value !== undefined));
}

/** Another process may have moved the row since it was loaded: values that are sealed for its tenant of then are not for it. */
function heldToTenant({ table }: EncryptedModel, values: Values, where: unknown, loaded: Row): unknown {
  const tenant = typeof table.scope === 'object' ? loaded[table.scope.column] : undefined;
  const isSealing = Object.keys(values).some((column) => table.byColumn.has(column));
  if (typeof table.scope !== 'object' || !isSealing || tenant === undefined || tenant === null) return where;
  return { [Op.and]: [where, { [table.scope.column]: tenant }] };
}

/** Attributes as bulk statements take them: by column, and by name for plain columns that have the name of a field. */
function attributesByColumn(model: AnyModel): Record<string, unknown> {
  const attributes = Object.entries(model.getAttributes());
  return Object.fromEntries([
    ...attributes,
    ...attributes.map(([name, attribute]) => [attribute.field ?? name, attribute] as const),
  ]);
}
