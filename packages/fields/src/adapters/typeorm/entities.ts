import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { Row } from '../../row-id.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { FieldTransformer } from './columns.ts';

/** An entity with encrypted columns. Properties are the entity's names, columns the database's. */
export interface EncryptedEntity {
  readonly table: EncryptedTable;
  readonly cipher: TableCipher;
  readonly fields: Fields;
  readonly metadata: EntityMetadata;
  /** Properties of columns that the application does not see. */
  readonly hidden: ReadonlySet<string>;
  /** Columns that say which row it is and whose. */
  readonly placeColumns: readonly string[];
  fieldOf(property: string): ResolvedField | undefined;
  propertyOf(column: string): string;
  /** What an object of the entity says of its place, by column. */
  placeOf(values: ObjectLiteral): Row;
}

const fieldsOf = new WeakMap<DataSource, Fields>();
const entities = new WeakMap<EntityMetadata, EncryptedEntity | null>();

/** Tells a data source whose fields to encrypt. @throws FieldsError ERR_DECLARATION (it knows already) */
export function remember(dataSource: DataSource, fields: Fields): void {
  if (fieldsOf.has(dataSource)) throw new FieldsError('ERR_DECLARATION', 'the data source encrypts already');
  fieldsOf.set(dataSource, fields);
}

/** The tables that a data source encrypts. */
export function declaredTables(dataSource: DataSource): readonly EncryptedTable[] {
  return fieldsOf.get(dataSource)?.tables ?? [];
}

export function isEncrypting(dataSource: DataSource): boolean {
  return fieldsOf.has(dataSource);
}

/**
 * The encrypted side of an entity; undefined: it has none.
 *
 * @throws FieldsError ERR_DECLARATION (its columns are not those of the declared table)
 */
export function encryptedEntity(metadata: EntityMetadata | undefined): EncryptedEntity | undefined {
  if (!metadata) return undefined;
  let entity = entities.get(metadata);
  if (entity === undefined) {
    entity = readEntity(metadata) ?? null;
    entities.set(metadata, entity);
  }
  return entity ?? undefined;
}

function readEntity(metadata: EntityMetadata): EncryptedEntity | undefined {
  const fields = fieldsOf.get(metadata.dataSource);
  if (!fields) return undefined;
  const names = [metadata.tableName, metadata.tableNameWithoutPrefix];
  const table = metadata.columns.map(({ transformer }) => tableOf(transformer)).find((found) => found !== undefined);
  const declared = fields.tables.find((known) => names.includes(known.table));
  if (!table && !declared) return undefined;
  const problem = (what: string) => new FieldsError('ERR_DECLARATION', `entity ${metadata.name} ${what}`);
  if (!table || table !== declared) {
    throw problem(`must have the encryptedColumns of ${(declared ?? table!).name}, and of no other table`);
  }
  const cipher = fields.table(table);

  const columns = new Map(metadata.columns.map((column) => [column.databaseName, column]));
  const placeColumns = [...table.id, ...(typeof table.scope === 'object' ? [table.scope.column] : [])];
  const hiddenColumns = [...table.hiddenColumns];
  for (const { plainColumn, column, name } of Object.values(table.fields)) {
    if (plainColumn !== undefined) hiddenColumns.push(plainColumn);
    const found = columns.get(column);
    const isTheField = found?.transformer instanceof FieldTransformer && found.transformer.field.name === name;
    if (!isTheField || found.propertyPath !== name) throw problem(`has no property ${name} on the column ${column}`);
  }
  const missing = [...placeColumns, ...hiddenColumns].find((column) => !columns.has(column));
  if (missing !== undefined) throw problem(`has no column ${missing}`);

  for (const column of hiddenColumns) columns.get(column)!.isVirtual = true; // TypeORM's word for: not of the entity
  metadata.nonVirtualColumns = metadata.columns.filter(({ isVirtual }) => !isVirtual);

  const byProperty = new Map(Object.values(table.fields).map((field) => [field.name, field]));
  return {
    table,
    cipher,
    fields,
    metadata,
    hidden: new Set(hiddenColumns.map((column) => columns.get(column)!.propertyPath)),
    placeColumns,
    fieldOf: (property) => byProperty.get(property),
    propertyOf: (column) => columns.get(column)!.propertyPath,
    placeOf: (values) =>
      Object.fromEntries(
        placeColumns.map((column) => [column, columns.get(column)!.getEntityValue(values) as unknown]),
      ),
  };
}

function tableOf(transformer: unknown): EncryptedTable | undefined {
  return transformer instanceof FieldTransformer ? transformer.table : undefined;
}
