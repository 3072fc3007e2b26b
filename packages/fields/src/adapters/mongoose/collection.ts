import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { scopeOf } from '../../row-id.ts';
import type { TableCipher } from '../../table-cipher.ts';
import { type Doc, documentNames, unsupportedKey } from './document-names.ts';
import { filters } from './filters.ts';
import { type DriverCursor, OpeningCursor } from './opening-cursor.ts';
import { refusePipeline } from './pipelines.ts';
import { reads } from './reads.ts';
import { plainDocument } from './stored-values.ts';
import { writes } from './writes.ts';

type Method = (...args: never[]) => unknown;

/** A Mongoose collection: the driver's, behind a queue for the time before there is a connection. */
export interface MongooseCollection {
  readonly name: string;
  [method: string]: unknown;
}

const guarded = new WeakMap<MongooseCollection, TableCipher>();

/** What is used of a connection: it can write to several collections at once, and not through them. */
interface MongooseConnection {
  bulkWrite(operations: readonly { readonly model?: unknown }[], options?: unknown): Promise<unknown>;
  model(name: string): { readonly collection: MongooseCollection };
}

const guardedConnections = new WeakSet<MongooseConnection>();

/** Refuses what would be written past a collection that stores sealed documents. */
function guardConnection(connection: MongooseConnection | undefined): void {
  if (typeof connection?.bulkWrite !== 'function' || guardedConnections.has(connection)) return;
  guardedConnections.add(connection);
  const bulkWrite = connection.bulkWrite.bind(connection);
  connection.bulkWrite = async (operations, options) => {
    for (const { model } of operations) {
      const { collection } = (typeof model === 'string' ? connection.model(model) : (model ?? {})) as Partial<
        ReturnType<MongooseConnection['model']>
      >;
      const cipher = collection && guarded.get(collection);
      if (cipher)
        throw unsupportedKey(cipher.table, 'bulkWrite', 'of a connection is not sealed: use that of the model');
    }
    return bulkWrite(operations, options);
  };
}

/**
 * Has a collection store sealed documents, search their indexes and give them opened. All that Mongoose does with a model
 * goes through its collection, middleware or not.
 *
 * @throws FieldsError ERR_DECLARATION (another name than declared, or two declarations of one collection)
 */
export function guardCollection(collection: MongooseCollection, cipher: TableCipher, fields: Fields): void {
  const { table } = cipher;
  const before = guarded.get(collection);
  if (before === cipher) return;
  if (before) throw new FieldsError('ERR_DECLARATION', `${collection.name} is declared twice, by two tables`);
  if (collection.name !== table.table) {
    const how = `give the schema { collection: '${table.table}' }, or the table { table: '${collection.name}' }`;
    throw new FieldsError('ERR_DECLARATION', `${table.name}: the model's collection is ${collection.name}: ${how}`);
  }
  guarded.set(collection, cipher);
  guardConnection(collection.conn as MongooseConnection | undefined);

  const names = documentNames(cipher);
  const queries = filters(cipher, names);
  const { document, update, replacement } = writes(cipher, names, queries, fields.defaultScope);
  const { project, open } = reads(cipher, names, fields);

  const originals = new Map<PropertyKey, unknown>();
  // The same collection with its own methods: while there is no connection, they call themselves again later.
  const bare = new Proxy(collection, {
    get: (target, name): unknown => originals.get(name) ?? Reflect.get(target, name),
  });

  /** Puts a method in the place of the collection's own, which it is given. */
  function instead<A extends unknown[]>(
    name: string,
    by: (original: (...args: unknown[]) => Promise<unknown>, ...args: A) => unknown,
  ) {
    const own = collection[name] as Method;
    originals.set(name, own);
    const original = async (...args: unknown[]) => (await Reflect.apply(own, bare, args)) as unknown;
    collection[name] = (...args: A) => by(original, ...args);
  }

  /** Waits for the keys of what a call is about. Calls that name no encrypted field need none. */
  async function ready(row: Doc, ...about: unknown[]): Promise<void> {
    if (about.some(names.mentions)) await fields.ready(scopeOf(table, row, fields.defaultScope()));
  }

  async function readyFor(filter: Doc): Promise<void> {
    for (const place of queries.places(filter)) await ready(place, filter);
  }

  async function asked(given: Doc = {}, options: Doc = {}): Promise<Doc> {
    const filter = plainDocument(given);
    queries.check(options, filter);
    await readyFor(filter);
    return queries.rewrite(filter);
  }

  const projected = (options: Doc = {}) => {
    const { projection, added } = project(options.projection);
    return { options: { ...options, ...(projection && { projection }) }, added };
  };

  instead('find', (find, filter?: Doc, given?: Doc) => {
    const { options, added } = projected(given);
    const ask = async () => (await find(await asked(filter, options), options)) as DriverCursor;
    return new OpeningCursor(ask, (doc) => open(doc, added));
  });

  instead('aggregate', (aggregate, pipeline: Doc[] = [], options?: Doc) => {
    const ask = async () => {
      refusePipeline(pipeline, table, names);
      const stages = await Promise.all(
        pipeline.map(async (stage) => {
          if (!('$match' in stage)) return stage;
          return { $match: await asked(stage.$match as Doc, options) };
        }),
      );
      return (await aggregate(stages, options)) as DriverCursor;
    };
    return new OpeningCursor(ask, (doc) => open(doc));
  });

  instead('findOne', async (findOne, filter?: Doc, given?: Doc) => {
    const { options, added } = projected(given);
    return open(await findOne(await asked(filter, options), options), added);
  });

  for (const name of ['countDocuments', 'count']) {
    if (typeof collection[name] !== 'function') continue;
    instead(name, async (count, filter?: Doc, options?: Doc) => count(await asked(filter, options), options));
  }

  instead('distinct', async (distinct, key: string, filter?: Doc, options?: Doc) => {
    if (names.mentions(key)) throw unsupportedKey(table, key, 'is encrypted, and never equal to another');
    return distinct(key, await asked(filter, options), options);
  });

  for (const name of ['deleteOne', 'deleteMany']) {
    instead(name, async (remove, filter?: Doc, options?: Doc) => remove(await asked(filter, options), options));
  }

  async function inserted(given: Doc): Promise<Doc> {
    const doc = plainDocument(given);
    await ready(doc, doc);
    return document(doc);
  }

  instead('insertOne', async (insert, doc: Doc, options?: Doc) => insert(await inserted(doc), options));
  instead('insertMany', async (insert, docs: Doc[], options?: Doc) =>
    insert(await Promise.all(docs.map(inserted)), options),
  );

  async function updated(given: Doc, change: unknown, options?: Doc) {
    const filter = plainDocument(given);
    queries.check(options, filter, change);
    await ready(queries.known(filter), change);
    await readyFor(filter);
    return update(filter, change);
  }

  async function replaced(given: Doc, replacing: Doc, options?: Doc) {
    const [filter, doc] = [plainDocument(given), plainDocument(replacing)];
    queries.check(options, filter);
    await readyFor(filter);
    await ready({ ...queries.known(filter), ...doc }, doc);
    return replacement(filter, doc);
  }

  for (const name of ['updateOne', 'updateMany']) {
    instead(name, async (original, filter: Doc, change: unknown, options?: Doc) => {
      const sealed = await updated(filter, change, options);
      return original(sealed.filter, sealed.update, options);
    });
  }

  instead('replaceOne', async (replaceOne, filter: Doc, doc: Doc, options?: Doc) => {
    const sealed = await replaced(filter, doc, options);
    return replaceOne(sealed.filter, sealed.update, options);
  });

  /** The document in a result, which is one itself or tells more of it. */
  async function found(result: unknown, options: Doc, added: readonly string[]): Promise<unknown> {
    if (!options.includeResultMetadata) return open(result, added);
    const { value, ...more } = result as { value: unknown };
    return { ...more, value: await open(value, added) };
  }

  instead('findOneAndUpdate', async (original, filter: Doc, change: unknown, given?: Doc) => {
    const { options, added } = projected(given);
    const sealed = await updated(filter, change, options);
    return found(await original(sealed.filter, sealed.update, options), options, added);
  });

  instead('findOneAndReplace', async (original, filter: Doc, doc: Doc, given?: Doc) => {
    const { options, added } = projected(given);
    const sealed = await replaced(filter, doc, options);
    return found(await original(sealed.filter, sealed.update, options), options, added);
  });

  instead('findOneAndDelete', async (original, filter: Doc, given?: Doc) => {
    const { options, added } = projected(given);
    return found(await original(await asked(filter, options), options), options, added);
  });

  async function operation(op: Record<string, Doc>): Promise<Doc> {
    const [kind = '', given = {}] = Object.entries(op)[0] ?? [];
    const { filter, document: doc, update: change, replacement: other, ...rest } = given as Record<string, Doc>;
    switch (kind) {
      case 'insertOne':
        return { insertOne: { ...rest, document: await inserted(doc!) } };
      case 'updateOne':
      case 'updateMany':
        return { [kind]: { ...rest, ...(await updated(filter!, change, rest)) } };
      case 'replaceOne': {
        const { filter: where, update: replacement } = await replaced(filter!, other!, rest);
        return { replaceOne: { ...rest, filter: where, replacement } };
      }
      case 'deleteOne':
      case 'deleteMany':
        return { [kind]: { ...rest, filter: await asked(filter, rest) } };
      default:
        throw unsupportedKey(table, kind, 'is no operation that the adapter knows');
    }
  }

  instead('bulkWrite', async (bulkWrite, operations: Record<string, Doc>[], options?: Doc) =>
    bulkWrite(await Promise.all(operations.map(operation)), options),
  );

  const indexed = (keys: unknown) => {
    const indexKeys = new Set(
      Object.values(table.fields).flatMap(({ index }) => (index ? [index.column, index.nextColumn] : [])),
    );
    const named = typeof keys === 'string' ? [keys] : Object.keys(keys as object);
    const wrong = named.find((key) => names.mentions(key) && !indexKeys.has(key));
    if (wrong === undefined) return;
    throw new FieldsError(
      'ERR_DECLARATION',
      `${table.name}.${wrong} is encrypted: declare \`search\`, which has its own index`,
    );
  };
  instead('createIndex', async (createIndex, keys: unknown, options?: Doc) => {
    indexed(keys);
    return createIndex(keys, options);
  });
  instead('createIndexes', async (createIndexes, specs: { key: unknown }[], options?: Doc) => {
    for (const { key } of specs) indexed(key);
    return createIndexes(specs, options);
  });

  const watch = collection.watch as Method;
  originals.set('watch', watch);
  collection.watch = (pipeline: unknown = [], ...more: unknown[]) => {
    // Events hold documents and their keys at several places, so a name counts wherever it is.
    const words = JSON.stringify(pipeline).match(/[\w-]+/g) ?? [];
    const named = words.find((word) => names.mentions(word));
    if (named !== undefined) throw unsupportedKey(table, named, 'cannot be looked at in events, which are sealed');
    return Reflect.apply(watch as (...args: unknown[]) => unknown, bare, [pipeline, ...more]);
  };

  for (const name of ['initializeOrderedBulkOp', 'initializeUnorderedBulkOp']) {
    instead(name, () => {
      throw unsupportedKey(table, name, 'is not sealed: use bulkWrite');
    });
  }
}
