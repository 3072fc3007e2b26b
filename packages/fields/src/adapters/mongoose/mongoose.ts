import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import type { EncryptedTable, PlainFields, ResolvedField } from '../../table.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { guardCollection, type MongooseCollection } from './collection.ts';

export interface EncryptedFieldsOptions {
  readonly fields: Fields;
  /** A table is a collection here, and a column a key of its documents. */
  readonly table: EncryptedTable;
}

/** A table's fields as a document has them, to be changed. */
export type DocumentFields<T> = { -readonly [K in keyof PlainFields<T>]?: PlainFields<T>[K] };

/** Mongoose leaves these out when a call says `middleware: false`, unless they are its own. */
const NEVER_SKIPPED = Symbol.for('mongoose:built-in-middleware');

/** Types of paths that can hold a field's values, by the type of the field. */
const INSTANCES: Readonly<Record<string, string>> = {
  text: 'String',
  number: 'Number',
  bigint: 'BigInt',
  boolean: 'Boolean',
  date: 'Date',
  day: 'String',
  bytes: 'Buffer',
  json: 'Mixed',
};

/**
 * A plugin for the schema of a collection whose fields are encrypted: `schema.plugin(encryptedFields, { fields, table })`.
 *
 * Fields that the schema lacks are added to it, and indexes for those that are searched.
 *
 * @throws FieldsError ERR_DECLARATION (a path of another type, or with an index of its own), ERR_FIELD_UNKNOWN
 */
export function encryptedFields(schema: object, { fields, table }: EncryptedFieldsOptions): void {
  const own = schema as PluggedSchema;
  const cipher = fields.table(table);
  addPaths(own, table);
  addIndexes(own, table);

  quietCasts(own, table);
  // Sent for each model of the schema, on each connection; its schema may be a copy.
  own.on('init', (model) => {
    quietCasts(model.schema, table);
    guard(model, cipher, fields);
  });
  // And before each call, since a model can change its connection.
  keepGuarded(own, cipher, fields);
  keepContext(own, table);
}

/** What is used of a schema. Its own type has one parameter for each kind of schema, which all can be plugged into. */
interface PluggedSchema {
  add(paths: Record<string, string>): void;
  path(name: string): SchemaPath | undefined;
  pathType(name: string): string;
  index(keys: Record<string, 1>, options: { unique: boolean; sparse: boolean }): void;
  on(event: 'init', listener: (model: { collection: unknown; schema: PluggedSchema }) => void): void;
  pre(call: string, options: { document: boolean; query: boolean }, hook: (this: never) => void): void;
  pre(call: string, hook: (this: never) => void): void;
}

interface SchemaPath {
  readonly instance: string;
  readonly options: Readonly<Record<string, unknown>>;
  cast(value: unknown, ...more: unknown[]): unknown;
}

function guard({ collection }: { collection: unknown }, cipher: TableCipher, fields: Fields): void {
  guardCollection(collection as MongooseCollection, cipher, fields);
}

function addPaths(schema: PluggedSchema, table: EncryptedTable): void {
  for (const field of Object.values(table.fields)) {
    const { name, type, column, plainColumn, index } = field;
    const instance = INSTANCES[type.name]!;
    if (schema.pathType(name) === 'adhocOrUndefined') schema.add({ [name]: instance });
    const path = schema.path(name);
    if (path?.instance !== instance) throw declaration(table, field, `must be ${instance} in the schema`);
    const { index: ownIndex, unique, sparse, text } = path.options;
    if (ownIndex || unique || sparse || text)
      throw declaration(table, field, 'is indexed by `search`, not by the schema');
    for (const stored of [column, plainColumn, index?.column, index?.nextColumn]) {
      if (stored === undefined || stored === name || !schema.path(stored)) continue;
      throw declaration(table, field, `is stored as ${stored}, which is another path of the schema`);
    }
  }
}

const quiet = new WeakSet<SchemaPath>();

/**
 * Has paths of encrypted fields take what they cannot cast as it is. Mongoose's error would show the value; the one of the
 * field, when it is stored, does not.
 */
function quietCasts(schema: PluggedSchema, table: EncryptedTable): void {
  for (const name of Object.keys(table.fields)) {
    const path = schema.path(name)!;
    if (quiet.has(path)) continue;
    quiet.add(path);
    const cast = path.cast.bind(path);
    path.cast = (value, ...more) => {
      try {
        return cast(value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value, ...more);
      } catch {
        return value;
      }
    };
  }
}

function declaration(table: EncryptedTable, { name }: ResolvedField, problem: string): FieldsError {
  return new FieldsError('ERR_DECLARATION', `${table.name}.${name} ${problem}`);
}

function addIndexes(schema: PluggedSchema, table: EncryptedTable): void {
  for (const { index } of Object.values(table.fields)) {
    // Sparse: documents whose field is null have no index, and so are not equal to one another.
    if (index) schema.index({ [index.column]: 1 }, { unique: index.isUnique, sparse: true });
  }
}

const QUERIES = [
  'find',
  'findOne',
  'findOneAndUpdate',
  'findOneAndReplace',
  'findOneAndDelete',
  'updateOne',
  'updateMany',
  'replaceOne',
  'deleteOne',
  'deleteMany',
  'countDocuments',
  'distinct',
] as const;

function keepGuarded(schema: PluggedSchema, cipher: TableCipher, fields: Fields): void {
  const ensure = neverSkipped(function (this: Guarded) {
    if (this.$isSubdocument) {
      const why = 'is inside of another document: encrypt it there as a JSON field';
      throw new FieldsError('ERR_DECLARATION', `${cipher.table.name} ${why}`);
    }
    const model = this.model;
    // A query has its model, an aggregation a function that gives it, a document its class; a model is one itself.
    if (typeof model === 'function' && 'collection' in model) guard(model as { collection: unknown }, cipher, fields);
    else if (this.collection !== undefined) guard({ collection: this.collection }, cipher, fields);
    else if (typeof model === 'function') guard(model.call(this), cipher, fields);
  });
  for (const query of QUERIES) schema.pre(query, { query: true, document: false }, ensure);
  schema.pre('save', ensure);
  schema.pre('insertMany', ensure);
  schema.pre('bulkWrite', ensure);
  schema.pre('aggregate', ensure);
}

interface Guarded {
  readonly $isSubdocument?: boolean;
  readonly collection?: unknown;
  readonly model?: ((this: unknown) => { collection: unknown }) | { collection: unknown };
}

/** Documents are updated by `_id`: what else tells which and whose they are is put beside it. */
function keepContext(schema: PluggedSchema, table: EncryptedTable): void {
  const context = [...table.id, ...(typeof table.scope === 'object' ? [table.scope.column] : [])];
  schema.pre(
    'save',
    neverSkipped(function (this: SavedDocument) {
      if (this.isNew || this.$isSubdocument) return;
      for (const key of context) {
        if (key !== '_id' && !this.isModified(key) && this.get(key) != null)
          this.$where = { ...this.$where, [key]: this.get(key) };
      }
      // What is sealed together is changed together.
      const together = table.record?.fields.map(({ name }) => name) ?? [];
      if (together.some((name) => this.isModified(name))) for (const name of together) this.markModified(name);
    }),
  );
}

interface SavedDocument {
  readonly isNew: boolean;
  readonly $isSubdocument?: boolean;
  $where?: Record<string, unknown>;
  isModified(path: string): boolean;
  get(path: string): unknown;
  markModified(path: string): void;
}

function neverSkipped<F extends (...args: never[]) => unknown>(hook: F): F {
  return Object.assign(hook, { [NEVER_SKIPPED]: true });
}
