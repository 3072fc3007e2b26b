import type { Row } from '../../row-id.ts';
import { asList, entriesOf, isArgs } from './args.ts';
import type { DeclaredModel, Model } from './models.ts';

/**
 * What a condition says of the row that it finds: the columns of its id and its scope, where they are compared with
 * one value and nothing else is possible. What stands under OR or NOT says nothing.
 */
export function knownFromWhere(model: Model, where: unknown): Row {
  const { declared } = model;
  if (!declared || !isArgs(where)) return {};
  const known = knownFromData(declared, where);
  for (const [name, value] of entriesOf(where)) {
    if (name === 'AND') for (const one of asList(value)) Object.assign(known, knownFromWhere(model, one));
    // No field, so the name of a compound key with its columns.
    else if (!model.fields.has(name) && name !== 'OR' && name !== 'NOT' && isArgs(value)) {
      Object.assign(known, knownFromData(declared, value));
    }
  }
  return known;
}

/** The same of data that is written. */
export function knownFromData({ idNames, scopeName, columnOf }: DeclaredModel, data: Row): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const name of [...idNames, ...(scopeName === undefined ? [] : [scopeName])]) {
    const value = Object.hasOwn(data, name) ? literal(data[name]) : undefined;
    if (value !== undefined) known[columnOf(name)] = value;
  }
  return known;
}

/** `mode: 'insensitive'` beside an `equals` finds rows with another id, so it must be alone. */
function literal(value: unknown): unknown {
  const inner = isArgs(value) && Object.keys(value).length === 1 ? value.equals : value;
  const isLiteral = inner === null || inner instanceof Date || inner instanceof Uint8Array;
  return isLiteral || ['string', 'number', 'bigint'].includes(typeof inner) ? inner : undefined;
}
