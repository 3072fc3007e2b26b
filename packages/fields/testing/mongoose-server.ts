import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import mongoose from 'mongoose';
import { type Doc, matches, ordered, projected, sameValue, updated, valueAt } from './mongoose-documents.ts';

const { BSON } = mongoose.mongo;

/** A server that speaks enough of MongoDB's wire protocol for Mongoose and its driver, with documents in memory. */
export interface MongoServer {
  readonly url: string;
  /** Commands that were asked, oldest first. */
  readonly asked: Doc[];
  /** Documents of a collection, as they are stored. */
  documents(collection: string): Doc[];
  close(): Promise<void>;
}

interface Index {
  readonly key: Doc;
  readonly unique?: boolean;
  readonly sparse?: boolean;
}

interface Collection {
  documents: Doc[];
  readonly indexes: Index[];
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

/** Starts a server on a free port of this machine. Each has one database, whatever it is called. */
export async function startMongoServer(): Promise<MongoServer> {
  const collections = new Map<string, Collection>();
  const asked: Doc[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(answer(received.subarray(0, length)));
        received = received.subarray(length);
      }
    });
  });

  function answer(message: Buffer): Buffer {
    const isLegacy = message.readInt32LE(12) === OP_QUERY;
    const command = isLegacy ? legacyCommand(message) : commandOf(message);
    let result: Doc;
    try {
      result = { ok: 1, ...run(collections, command) };
    } catch (error) {
      result = { ok: 0, code: 2, codeName: 'BadValue', errmsg: String(error) };
    }
    if (!('hello' in command) && !('ismaster' in command)) asked.push(command);
    const body = BSON.serialize(result);
    // OP_REPLY: flags, cursor, position and number of documents; OP_MSG: flags and the kind of its one section.
    const head = isLegacy ? [int32(8), Buffer.alloc(8), int32(0), int32(1)] : [int32(0), Buffer.of(0)];
    const content = Buffer.concat([...head, body]);
    const opCode = isLegacy ? OP_REPLY : OP_MSG;
    const header = [HEADER_BYTES + content.length, 0, message.readInt32LE(4), opCode].map(int32);
    return Buffer.concat([...header, content]);
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address() as { port: number };
  return {
    url: `mongodb://127.0.0.1:${address.port}/test`,
    asked,
    documents: (name) => collections.get(name)?.documents ?? [],
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const parse = (bytes: Uint8Array) => BSON.deserialize(bytes, { promoteBuffers: false }) as Doc;

/** The first question of a driver: flags, name of a collection, skip and limit, document. */
function legacyCommand(message: Buffer): Doc {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  return parse(message.subarray(nameEnd + 1 + 8));
}

/** Flags, then sections: a document, or a named list of them. */
function commandOf(message: Buffer): Doc {
  const command: Doc = {};
  for (let at = HEADER_BYTES + 4; at < message.length; ) {
    const kind = message[at++];
    const length = message.readInt32LE(at);
    if (kind === 0) Object.assign(command, parse(message.subarray(at, at + length)));
    else {
      const nameEnd = message.indexOf(0, at + 4);
      const list: Doc[] = [];
      for (let document = nameEnd + 1; document < at + length; document += message.readInt32LE(document)) {
        list.push(parse(message.subarray(document, document + message.readInt32LE(document))));
      }
      command[message.toString('utf8', at + 4, nameEnd)] = list;
    }
    at += length;
  }
  return command;
}

function run(collections: Map<string, Collection>, command: Doc): Doc {
  const [name = ''] = Object.keys(command);
  const target = String(command[name]);
  const of = (collection: string) => {
    const found = collections.get(collection) ?? { documents: [], indexes: [{ key: { _id: 1 }, unique: true }] };
    collections.set(collection, found);
    return found;
  };
  switch (name) {
    case 'hello':
    case 'ismaster':
      return {
        isWritablePrimary: true,
        ismaster: true,
        helloOk: true,
        maxBsonObjectSize: 1 << 24,
        maxMessageSizeBytes: 48_000_000,
        maxWriteBatchSize: 100_000,
        minWireVersion: 0,
        maxWireVersion: 21,
        readOnly: false,
      };
    case 'ping':
    case 'endSessions':
    case 'create':
      return {};
    case 'createIndexes':
      of(target).indexes.push(...(command.indexes as Index[]));
      return {};
    case 'insert':
      return writeEach(command.documents as Doc[], (document) => {
        store(of(target), [...of(target).documents, document]);
        return { n: 1 };
      });
    case 'find':
      return cursor(target, query(of(target), command, command.filter as Doc));
    case 'aggregate':
      return cursor(target, (command.pipeline as Doc[]).reduce(stage, of(target).documents));
    case 'distinct': {
      const values = query(of(target), {}, command.query as Doc).map((document) =>
        valueAt(document, String(command.key)),
      );
      return { values: values.filter((value, at) => values.findIndex((other) => sameValue(other, value)) === at) };
    }
    case 'update': {
      const upserted: Doc[] = [];
      const result = writeEach(command.updates as Doc[], ({ q, u, multi, upsert }, at) => {
        const { changed, inserted } = change(of(target), q as Doc, u as Doc, multi === true, upsert === true);
        if (inserted) upserted.push({ index: at, _id: inserted._id });
        return { n: changed.length + (inserted ? 1 : 0), nModified: changed.length };
      });
      return { ...result, ...(upserted.length > 0 && { upserted }) };
    }
    case 'delete':
      return writeEach(command.deletes as Doc[], ({ q, limit }) => ({
        n: remove(of(target), q as Doc, limit === 1).length,
      }));
    case 'findAndModify': {
      const [before] = query(of(target), { sort: command.sort, limit: 1 }, command.query as Doc);
      const only = before ? { _id: before._id } : (command.query as Doc);
      if (command.remove) remove(of(target), only, true);
      const made = command.remove
        ? undefined
        : change(of(target), only, command.update as Doc, false, command.upsert === true);
      const value = command.new ? (made?.changed[0] ?? made?.inserted) : before;
      return {
        lastErrorObject: { n: before || made?.inserted ? 1 : 0, updatedExisting: Boolean(before) },
        value: value ? projected(value, command.fields as Doc) : null,
      };
    }
    default:
      throw new Error(`no such command: ${name}`);
  }
}

function cursor(collection: string, documents: Doc[]): Doc {
  return { cursor: { id: BSON.Long.fromNumber(0), ns: `test.${collection}`, firstBatch: documents } };
}

function query({ documents }: Collection, { sort, skip, limit, projection }: Doc, filter: Doc = {}): Doc[] {
  const found = ordered(
    documents.filter((document) => matches(document, filter)),
    sort as Doc | undefined,
  );
  const from = Number(skip ?? 0);
  return found
    .slice(from, limit ? from + Number(limit) : undefined)
    .map((document) => projected(document, projection as Doc));
}

/** Runs writes one after the other and tells of those that failed. */
function writeEach(writes: readonly Doc[], write: (of: Doc, at: number) => Doc): Doc {
  const total: Record<string, number> = { n: 0 };
  const writeErrors: Doc[] = [];
  for (const [index, each] of writes.entries()) {
    try {
      for (const [key, value] of Object.entries(write(each, index))) total[key] = (total[key] ?? 0) + Number(value);
    } catch (error) {
      writeErrors.push({ index, code: 11000, errmsg: String(error) });
      break;
    }
  }
  return { ...total, ...(writeErrors.length > 0 && { writeErrors }) };
}

/** Takes documents for the collection's, if its unique indexes allow. */
function store(collection: Collection, documents: Doc[]): void {
  for (const { key, unique, sparse } of collection.indexes) {
    if (!unique) continue;
    const keys = Object.keys(key);
    const indexed = documents.filter((document) => !sparse || keys.some((each) => each in document));
    const values = indexed.map((document) => {
      const all = keys.map((each) => document[each] ?? null);
      return Buffer.from(BSON.serialize({ all })).toString('base64');
    });
    if (new Set(values).size < values.length)
      throw new Error(`E11000 duplicate key error, index of ${keys.join(', ')}`);
  }
  collection.documents = documents;
}

function change(collection: Collection, filter: Doc, update: Doc, isMulti: boolean, isUpsert: boolean) {
  const found = collection.documents.filter((document) => matches(document, filter)).slice(0, isMulti ? undefined : 1);
  const changed = new Map(found.map((document) => [document, updated(document, update, false)]));
  store(
    collection,
    collection.documents.map((document) => changed.get(document) ?? document),
  );
  if (found.length > 0 || !isUpsert) return { changed: [...changed.values()], inserted: undefined };
  const equal = Object.fromEntries(
    Object.entries(filter).filter(([key, value]) => !key.startsWith('$') && !isOperators(value)),
  );
  const inserted = updated({ _id: new BSON.ObjectId(), ...equal }, update, true);
  store(collection, [...collection.documents, inserted]);
  return { changed: [], inserted };
}

const isOperators = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith('$'));

function remove(collection: Collection, filter: Doc, isOne: boolean): Doc[] {
  const removed = collection.documents.filter((document) => matches(document, filter)).slice(0, isOne ? 1 : undefined);
  collection.documents = collection.documents.filter((document) => !removed.includes(document));
  return removed;
}

function stage(documents: Doc[], of: Doc): Doc[] {
  const [[name, given] = ['', {}]] = Object.entries(of);
  if (name === '$match') return documents.filter((document) => matches(document, given as Doc));
  if (name === '$sort') return ordered(documents, given as Doc);
  if (name === '$skip') return documents.slice(Number(given));
  if (name === '$limit') return documents.slice(0, Number(given));
  if (name === '$project') return documents.map((document) => projected(document, given as Doc));
  if (name === '$group') return grouped(documents, given as Doc);
  throw new Error(`no such stage: ${name}`);
}

/** Groups by a key or a constant, and counts. */
function grouped(documents: readonly Doc[], { _id, ...counters }: Doc): Doc[] {
  const groups = new Map<unknown, number>();
  for (const document of documents) {
    const key = typeof _id === 'string' && _id.startsWith('$') ? document[_id.slice(1)] : _id;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups].map(([key, n]) => ({
    _id: key,
    ...Object.fromEntries(Object.keys(counters).map((name) => [name, n])),
  }));
}
