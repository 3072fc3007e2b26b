import type { Model, ModelStatic, TableName } from 'sequelize';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { Row } from '../../row-id.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { EncryptedType } from './types.ts';

export type AnyModel = ModelStatic<Model>;

/** A model with encrypted attributes. */
export interface EncryptedModel {
  readonly table: EncryptedTable;
  readonly cipher: TableCipher;
  readonly fields: Fields;
  /** Columns that the application does not see. */
  readonly hiddenColumns: ReadonlySet<string>;
  /** Columns that say which row it is and whose. */
  readonly placeColumns: readonly string[];
  /** Those of its id that hold whole numbers. */
  readonly integerIds: readonly string[];
  /** Columns that have nothing to do with the encryption. */
  readonly clearColumns: readonly string[];
  /** All names that encrypted columns have, hidden ones too, in small letters. */
  readonly names: ReadonlySet<string>;
  /** A field by its own name or its column's. A plain column that it replaces may have its name. */
  fieldOf(name: string): ResolvedField | undefined;
  /** Whether an attribute or a column is one that the application does not see. */
  isHidden(name: string): boolean;
  /** Whether Sequelize takes what is compared with the column for a value of a field. */
  isTypedAsField(column: string): boolean;
  attributeOf(column: string): string;
}

/** The models of one Sequelize. */
export interface EncryptedModels {
  readonly fields: Fields;
  /** undefined: the model has no encrypted attributes. @throws FieldsError ERR_DECLARATION */
  find(model: AnyModel | undefined | null): EncryptedModel | undefined;
  /** A declared table that is named without a model. */
  tableNamed(table: TableName): EncryptedTable | undefined;
}

export function encryptedModels(fields: Fields): EncryptedModels {
  const known = new WeakMap<AnyModel, EncryptedModel | null>();
  const tableNamed = (table: TableName) => {
    const name = (typeof table === 'string' ? table : table.tableName).toLowerCase();
    const last = /([\w$-]+)\W*$/.exec(name)?.[1]; // of `main.people`
    return fields.tables.find((declared) => [name, last].includes(declared.table.toLowerCase()));
  };
  return {
    fields,
    tableNamed,
    find(model) {
      if (!model) return undefined;
      let entity = known.get(model);
      if (entity === undefined) {
        entity = readModel(model, fields, tableNamed(model.tableName)) ?? null;
        known.set(model, entity);
      }
      return entity ?? undefined;
    },
  };
}

function readModel(model: AnyModel, fields: Fields, declared: EncryptedTable | undefined): EncryptedModel | undefined {
  const attributes = Object.entries(model.getAttributes()).map(([name, { type, field }]) => ({
    name,
    column: field ?? name,
    type: type as unknown,
  }));
  const table = attributes.find(({ type }) => type instanceof EncryptedType)?.type as EncryptedType | undefined;
  if (!table && !declared) return undefined;
  const problem = (what: string) => new FieldsError('ERR_DECLARATION', `model ${model.name} ${what}`);
  if (!table || table.table !== declared) {
    throw problem(`must have the encryptedAttributes of ${(declared ?? table!.table).name}, and of no other table`);
  }
  const cipher = fields.table(declared);
  const all = Object.values(declared.fields);
  const byName = new Map([
    ...all.map((field) => [field.column, field] as const),
    ...all.map((f) => [f.name, f] as const),
  ]);
  const hiddenColumns = [...declared.hiddenColumns, ...all.flatMap(({ plainColumn }) => plainColumn ?? [])];
  const placeColumns = [...declared.id, ...(typeof declared.scope === 'object' ? [declared.scope.column] : [])];
  for (const { name, column } of all) {
    const isThere = attributes.some(
      ({ type, ...at }) => isField(type, name) && at.name === name && at.column === column,
    );
    if (!isThere) throw problem(`has no attribute ${name} on the column ${column}`);
  }
  const byColumn = new Map(attributes.map(({ name, column }) => [column, name]));
  const missing = [...placeColumns, ...hiddenColumns].find((column) => !byColumn.has(column) && !byName.has(column));
  if (missing !== undefined) throw problem(`has no column ${missing}`);

  const hidden = new Set(hiddenColumns.flatMap((column) => [byColumn.get(column) ?? column, column]));
  const names = [...byName.keys(), ...hidden];
  return {
    table: declared,
    cipher,
    fields,
    hiddenColumns: new Set(hiddenColumns),
    placeColumns,
    integerIds: attributes
      .filter(({ column, type }) => declared.id.includes(column) && isInteger(type))
      .map(({ column }) => column),
    clearColumns: attributes
      .filter(({ name, type }) => !(type instanceof EncryptedType) && !hidden.has(name) && !isVirtual(type))
      .map(({ column }) => column),
    names: new Set(names.map((name) => name.toLowerCase())),
    fieldOf: (name) => byName.get(name),
    isHidden: (name) => hidden.has(name) && !byName.has(name),
    isTypedAsField: (column) => byName.has(column),
    attributeOf: (column) => byColumn.get(column) ?? column,
  };
}

function isField(type: unknown, name: string): boolean {
  return type instanceof EncryptedType && type.field?.name === name;
}

const INTEGERS: ReadonlySet<unknown> = new Set(['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INTEGER', 'BIGINT']);

function isInteger(type: unknown): boolean {
  return INTEGERS.has((type as { readonly key?: unknown }).key);
}

function isVirtual(type: unknown): boolean {
  return (type as { readonly key?: unknown }).key === 'VIRTUAL';
}

/** Whether a model has such an attribute or column. */
export function isOwn(model: AnyModel, name: string): boolean {
  const attributes = model.getAttributes();
  return Object.hasOwn(attributes, name) || Object.values(attributes).some(({ field }) => field === name);
}

/** What values, by column, say of their place. */
export function placeOf({ placeColumns }: EncryptedModel, values: Row): Row {
  return Object.fromEntries(
    placeColumns.flatMap((column) => (values[column] === undefined ? [] : [[column, values[column]]])),
  );
}
