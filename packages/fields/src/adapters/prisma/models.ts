import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { EncryptedTable, ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { isArgs } from './args.ts';

/** A model of the Prisma schema. */
export interface Model {
  readonly name: string;
  readonly fields: ReadonlyMap<string, ModelField>;
  /** The model on the other side, where the field is a relation. */
  relation(field: string): Model | undefined;
  readonly declared: DeclaredModel | undefined;
  /** Whether a query on it can touch a declared table: itself, or through relations. */
  readonly reachesDeclared: boolean;
}

/** A field of a model, as the generated client knows it. */
export interface ModelField {
  readonly name: string;
  readonly kind: string;
  /** `String`, `Json`… or the name of another model. */
  readonly type: string;
  readonly dbName?: string | null;
}

/** A model with encrypted fields. "Name" is a field's name in Prisma, "column" its name in the database. */
export interface DeclaredModel {
  readonly table: EncryptedTable;
  readonly cipher: TableCipher;
  /** Encrypted fields by the names that the application uses. */
  readonly encrypted: ReadonlyMap<string, ResolvedField>;
  /** Names that the extension alone reads and writes: indexes, the record, sealed columns beside a plain one. */
  readonly hidden: ReadonlySet<string>;
  /** What a row is bound to, and whose keys it has. */
  readonly idNames: readonly string[];
  readonly scopeName: string | undefined;
  columnOf(name: string): string;
  /** @throws FieldsError ERR_DECLARATION (the model has no such column) */
  nameOf(column: string): string;
  /** Whether Prisma has the column as JSON, and not as its text. */
  isJson(column: string): boolean;
}

/**
 * The models of a client, with the tables that are declared for them.
 *
 * @throws FieldsError ERR_DECLARATION
 */
export function readModels(
  client: unknown,
  fields: Fields,
  tables: Readonly<Record<string, EncryptedTable>>,
): ReadonlyMap<string, Model> {
  const raw = modelsOf(client);
  for (const name of Object.keys(tables)) {
    if (!raw.has(name)) throw declaration(name, 'is no model of this Prisma schema');
  }
  for (const [name, { dbName }] of raw) {
    const forgotten = fields.tables.find((table) => table.table === (dbName ?? name));
    if (forgotten && !Object.hasOwn(tables, name)) {
      throw declaration(
        name,
        `is the table ${forgotten.table}, which has encrypted fields: give it to encryptedFields`,
      );
    }
  }

  const reaching = reachingModels(raw, new Set(Object.keys(tables)));
  const models = new Map<string, Model>();
  for (const [name, { dbName, fields: list }] of raw) {
    const byName = new Map(list.map((field) => [field.name, field]));
    const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
    models.set(name, {
      name,
      fields: byName,
      relation(field) {
        const found = byName.get(field);
        return found?.kind === 'object' ? models.get(found.type) : undefined;
      },
      declared: table && declare(name, dbName ?? name, list, table, fields.table(table)),
      reachesDeclared: reaching.has(name),
    });
  }
  return models;
}

interface RawModel {
  readonly dbName: string | null;
  readonly fields: readonly ModelField[];
}

/** The client keeps its models under a name that is not part of its interface; without them nothing can be told. */
function modelsOf(client: unknown): ReadonlyMap<string, RawModel> {
  const { _runtimeDataModel: dataModel } = client as { _runtimeDataModel?: { models?: unknown } };
  if (!isArgs(dataModel?.models)) throw declaration('this Prisma client', 'does not tell its models');
  return new Map(Object.entries(dataModel.models as Record<string, RawModel>));
}

/** Models from which relations lead to one of `targets`. */
function reachingModels(raw: ReadonlyMap<string, RawModel>, targets: Set<string>): ReadonlySet<string> {
  const reaching = new Set(targets);
  let before: number;
  do {
    before = reaching.size;
    for (const [name, { fields }] of raw) {
      if (fields.some(({ kind, type }) => kind === 'object' && reaching.has(type))) reaching.add(name);
    }
  } while (reaching.size > before);
  return reaching;
}

function declare(
  model: string,
  tableName: string,
  list: readonly ModelField[],
  table: EncryptedTable,
  cipher: TableCipher,
): DeclaredModel {
  if (table.table !== tableName) throw declaration(model, `is the table ${tableName}, not ${table.table}`);
  const byName = new Map(list.map((field) => [field.name, field]));
  const byColumn = new Map(list.flatMap((f) => (f.kind === 'object' ? [] : [[f.dbName ?? f.name, f] as const])));
  const fieldAt = (column: string) => {
    const found = byColumn.get(column);
    if (found) return found;
    throw declaration(model, `has no field for the column ${column} of ${table.table}`);
  };
  const nameOf = (column: string) => fieldAt(column).name;

  const encrypted = new Map<string, ResolvedField>();
  const hidden = new Set<string>();
  for (const field of Object.values(table.fields)) {
    const { column, plainColumn, index, isInRecord } = field;
    if (index) {
      hidden.add(nameOf(index.column));
      const next = byColumn.get(index.nextColumn);
      if (next) hidden.add(next.name);
    }
    if (isInRecord) {
      if (byName.has(field.name)) throw declaration(`${model}.${field.name}`, 'is in the record, and so has no column');
      encrypted.set(field.name, field);
      continue;
    }
    requireType(model, fieldAt(column), field.pathParts ? ['String', 'Json'] : [sealedType(table)]);
    const plain = plainColumn === undefined ? undefined : byColumn.get(plainColumn);
    encrypted.set(plain?.name ?? nameOf(column), field);
    if (plain) hidden.add(nameOf(column));
  }
  if (table.record) {
    requireType(model, fieldAt(table.record.column), [sealedType(table)]);
    hidden.add(nameOf(table.record.column));
  }
  return {
    table,
    cipher,
    encrypted,
    hidden,
    idNames: table.id.map(nameOf),
    scopeName: typeof table.scope === 'object' ? nameOf(table.scope.column) : undefined,
    columnOf: (name) => byName.get(name)?.dbName ?? name,
    nameOf,
    isJson: (column) => byColumn.get(column)?.type === 'Json',
  };
}

function sealedType({ store }: EncryptedTable): string {
  return store === 'text' ? 'String' : 'Bytes';
}

function requireType(model: string, { name, type }: ModelField, wanted: readonly string[]): void {
  if (!wanted.includes(type)) throw declaration(`${model}.${name}`, `is sealed, and must be ${wanted.join(' or ')}`);
}

function declaration(at: string, problem: string): FieldsError {
  return new FieldsError('ERR_DECLARATION', `${at} ${problem}`);
}
