import { DbNull } from '@prisma/client/runtime/client';
import { FieldsError } from '../../errors.ts';
import type { Fields } from '../../fields.ts';
import { type Row, scopeOf } from '../../row-id.ts';
import { unsupported } from '../../table-cipher.ts';
import { type Args, asList, entriesOf, isArgs, isNull, mapOneOrMany, refused, requireArgs } from './args.ts';
import { knownFromData, knownFromWhere } from './known-row.ts';
import type { DeclaredModel, Model } from './models.ts';
import { onlyOne, rewriteUniqueWhere, rewriteWhere } from './where.ts';

/** A new row, sealed. Its id, and the column that names its scope, must be in it. */
export async function sealNewRow(fields: Fields, model: Model, data: unknown): Promise<Args> {
  const { declared } = model;
  const { encrypted, rest } = await splitData(fields, model, data);
  if (!declared || Object.keys(encrypted).length === 0) return rest;
  const { scopeName, table } = declared;
  if (scopeName !== undefined && !Object.hasOwn(rest, scopeName)) {
    const why = 'so that it is clear whose keys to use; what a relation connects it to is not seen';
    throw new FieldsError('ERR_SCOPE_MISSING', `${table.name}: give the row its ${scopeName} as a value, ${why}`);
  }
  return { ...rest, ...(await seal(fields, declared, encrypted, knownFromData(declared, rest))) };
}

/** A change of rows that a condition finds. */
export interface SealedChange {
  readonly data: Args;
  /** To be added to the condition: rows of another scope cannot be read with the keys that have sealed the change. */
  readonly narrowedTo: Args;
}

/** A change, sealed for the row that `where` names by its id. */
export async function sealChange(fields: Fields, model: Model, data: unknown, where: unknown): Promise<SealedChange> {
  const { declared } = model;
  const { encrypted, rest } = await splitData(fields, model, data, unwrapSet);
  if (!declared) return { data: rest, narrowedTo: {} };
  const { scopeName, table, columnOf } = declared;
  const known = knownFromWhere(model, where);
  const isSealing = Object.keys(encrypted).length > 0;
  const narrowedTo = requireUnmoved(declared, rest, known, isSealing);
  if (!isSealing) return { data: rest, narrowedTo };
  if (scopeName !== undefined && !Object.hasOwn(known, columnOf(scopeName))) {
    narrowedTo[scopeName] ??= scopeOf(table, known, fields.defaultScope());
  }
  const place = { ...known, ...knownFromData(declared, narrowedTo) };
  return { data: { ...rest, ...(await seal(fields, declared, encrypted, place)) }, narrowedTo };
}

/** Adds to a condition. */
export function narrow(where: unknown, by: Args): unknown {
  if (Object.keys(by).length === 0) return where;
  const { AND: also, ...rest } = isArgs(where) ? where : {};
  return { ...rest, AND: [...(also === undefined ? [] : asList(also)), by] };
}

async function seal(fields: Fields, declared: DeclaredModel, encrypted: Args, known: Row): Promise<Args> {
  const { cipher, table, nameOf, isJson } = declared;
  await fields.ready(scopeOf(table, known, fields.defaultScope()));
  const sealed = Object.entries(cipher.sealRow(encrypted, { row: known })).map(([column, value]) => {
    if (!isJson(column)) return [nameOf(column), value];
    // As JSON: Prisma has a constant of its own for null, and makes the text itself. Text in a plain column is the value.
    const isText = typeof value === 'string' && table.byColumn.get(column)?.pathParts !== undefined;
    return [nameOf(column), value === null ? DbNull : isText ? JSON.parse(value) : value];
  });
  return Object.fromEntries(sealed) as Args;
}

/** Takes the encrypted fields out of data, by their logical names, and rewrites what is written to other models. */
async function splitData(
  fields: Fields,
  model: Model,
  data: unknown,
  read: (declared: DeclaredModel, name: string, value: unknown) => unknown = (_declared, _name, value) => value,
): Promise<{ encrypted: Args; rest: Args }> {
  const { declared } = model;
  const encrypted: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of entriesOf(requireArgs(data, `data of ${model.name}`))) {
    const field = declared?.encrypted.get(name);
    const relation = model.relation(name);
    if (field) {
      const given = read(declared!, name, value);
      encrypted[field.name] = isNull(given) ? null : given;
    } else if (relation) rest[name] = relation.reachesDeclared ? await nestedWrites(fields, relation, value) : value;
    else if (declared?.hidden.has(name)) throw refused(`${model.name}.${name} is written by the encryption alone`);
    // Prisma's own error would tell the value.
    else if (!model.fields.has(name)) throw new FieldsError('ERR_FIELD_UNKNOWN', `${model.name} has no field ${name}`);
    else rest[name] = value;
  }
  return { encrypted, rest };
}

/** `{ set: value }` is the value; what else Prisma can do to a field it would do to the sealed value. */
function unwrapSet({ table, encrypted }: DeclaredModel, name: string, value: unknown): unknown {
  const field = encrypted.get(name)!;
  // An object is a value here, whatever its members are called.
  if (!isArgs(value) || field.type.name === 'json') return value;
  const set = setTo(value);
  if (set !== value) return set;
  throw unsupported(table, field.name, 'is encrypted: it can be set, and not changed by the database');
}

/**
 * A sealed row stays where it is: its values open there and with the keys of its scope only. A row may be saved with the
 * scope that it has; where that is only said here, it is what the row is narrowed to.
 */
function requireUnmoved(declared: DeclaredModel, data: Args, known: Row, isSealing: boolean): Record<string, unknown> {
  const { idNames, scopeName, columnOf, table } = declared;
  const narrowedTo: Record<string, unknown> = {};
  for (const name of [...idNames, ...(scopeName === undefined ? [] : [scopeName])]) {
    if (!Object.hasOwn(data, name)) continue;
    const value = setTo(data[name]);
    const column = columnOf(name);
    if (Object.hasOwn(known, column) && known[column] === value) continue;
    if (!Object.hasOwn(known, column) && name === scopeName && isSealing && typeof value === 'string') {
      narrowedTo[name] = value;
      continue;
    }
    throw refused(`${table.name}.${name} cannot change: the encrypted values of the row would no longer open`);
  }
  return narrowedTo;
}

function setTo(value: unknown): unknown {
  return isArgs(value) && Object.keys(value).length === 1 && Object.hasOwn(value, 'set') ? value.set : value;
}

/** What is written to a related model along with another. */
async function nestedWrites(fields: Fields, model: Model, writes: unknown): Promise<unknown> {
  const unique = async (where: unknown) => onlyOne(model, await rewriteUniqueWhere(fields, model, where));
  const rewritten: Record<string, unknown> = {};
  for (const [operation, value] of entriesOf(requireArgs(writes, `what is written to ${model.name}`))) {
    const change = nestedWrite(fields, model, operation, unique);
    rewritten[operation] = typeof value === 'boolean' ? value : await mapOneOrMany(value, change);
  }
  return rewritten;
}

function nestedWrite(
  fields: Fields,
  model: Model,
  operation: string,
  unique: (where: unknown) => Promise<Args>,
): (one: unknown) => Promise<unknown> {
  switch (operation) {
    case 'create':
      return (one) => sealNewRow(fields, model, one);
    case 'createMany':
      return async (one) => {
        const args = requireArgs(one, operation);
        return { ...args, data: await mapOneOrMany(args.data, (row) => sealNewRow(fields, model, row)) };
      };
    case 'connectOrCreate':
      return async (one) => {
        const { where, create } = requireArgs(one, operation);
        return { where: await unique(where), create: await sealNewRow(fields, model, create) };
      };
    case 'connect':
    case 'set':
    case 'disconnect':
    case 'delete':
      return unique;
    case 'deleteMany':
      return (one) => rewriteWhere(fields, model, one);
    case 'update':
      return async (one) => nestedUpdate(fields, model, requireArgs(one, operation), unique);
    case 'updateMany':
      return async (one) => {
        const { where, data } = requireArgs(one, operation);
        const change = await sealChange(fields, model, data, where);
        return { where: narrow(await rewriteWhere(fields, model, where), change.narrowedTo), data: change.data };
      };
    case 'upsert':
      return async (one) => {
        const { where, create, update } = requireArgs(one, operation);
        const change = await sealChange(fields, model, update, where);
        return {
          where: narrow(where === undefined ? {} : await unique(where), change.narrowedTo),
          create: await sealNewRow(fields, model, create),
          update: change.data,
        };
      };
    default:
      throw refused(`${model.name}: ${operation} cannot be looked through`);
  }
}

/** Of one of many rows `{ where, data }`; of a single one also the data alone. */
async function nestedUpdate(
  fields: Fields,
  model: Model,
  args: Args,
  unique: (where: unknown) => Promise<Args>,
): Promise<unknown> {
  const isWrapped = Object.hasOwn(args, 'data') || Object.hasOwn(args, 'where');
  if (isWrapped && (model.fields.has('data') || model.fields.has('where'))) {
    throw refused(`${model.name}: cannot tell its field from the data of a nested update; update it on its own`);
  }
  const { where, data } = isWrapped ? args : { where: undefined, data: args };
  const change = await sealChange(fields, model, data, where);
  const narrowed = narrow(where === undefined ? {} : await unique(where), change.narrowedTo) as Args;
  return Object.keys(narrowed).length === 0 ? { data: change.data } : { where: narrowed, data: change.data };
}
