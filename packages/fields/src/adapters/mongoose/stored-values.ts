import type { EncryptedTable } from '../../table.ts';
import type { Doc } from './document-names.ts';

/** What the driver would store of a document: those of Mongoose hold theirs inside. */
export function plainDocument(doc: Doc): Doc {
  const own = typeof doc.toBSON === 'function' ? (doc.toBSON() as Doc) : doc;
  return own instanceof Map ? (Object.fromEntries(own) as Doc) : own;
}

/** A value as the core knows it: MongoDB has bytes and numbers of its own. */
export function plainValue(value: unknown): unknown {
  const type = bsonType(value);
  if (type === 'Binary') return bytesOf(value as { buffer: Uint8Array; position: number });
  if (type === 'Int32' || type === 'Double') return (value as { value: number }).value;
  if (type === 'Long') return (value as { toBigInt(): bigint }).toBigInt();
  return value;
}

function bsonType(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '_bsontype' in value ? value._bsontype : undefined;
}

function bytesOf({ buffer, position }: { buffer: Uint8Array; position: number }): Buffer {
  return Buffer.from(buffer.buffer, buffer.byteOffset, position);
}

/** A stored document with its bytes as Node has them, and UUIDs as they were when it was written. */
export function readable(doc: Doc): Doc {
  return Object.fromEntries(
    Object.entries(doc).map(([key, value]) => {
      if (bsonType(value) !== 'Binary') return [key, value];
      const binary = value as { sub_type: number; toUUID(): unknown };
      return [key, binary.sub_type === UUID_BYTES ? binary.toUUID() : plainValue(value)];
    }),
  );
}

/** What MongoDB calls them. */
const UUID_BYTES = 4;

/**
 * What is stored for a sealed row: JSON with paths as an object, so that the database can read what is in clear, and
 * without indexes of null, which would count as equal to one another in a unique index.
 *
 * @returns Keys to store, and keys to remove where the document has them.
 */
export function storable(table: EncryptedTable, sealed: Doc): { set: Record<string, unknown>; unset: string[] } {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  const plainKeys = new Set(Object.values(table.fields).map(({ plainColumn }) => plainColumn));
  for (const [key, value] of Object.entries(sealed)) {
    const isOptional = table.hiddenColumns.has(key) || plainKeys.has(key);
    if (value === null && isOptional) unset.push(key);
    else if (table.byColumn.get(key)?.pathParts && typeof value === 'string') set[key] = JSON.parse(value) as unknown;
    else set[key] = value;
  }
  return { set, unset };
}
