import { DbNull } from '@prisma/client/runtime/client';
import type { Fields } from '../../fields.ts';
import { type Row, scopeOf } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import { type Args, asList, entriesOf, isArgs, isLeftOut, isNull, mapOneOrMany, refused, requireArgs } from './args.ts';
import { isFieldReference, requireClearKeys, requireClearNames, requireClearReferences } from './clear-fields.ts';
import { knownFromWhere } from './known-row.ts';
import type { DeclaredModel, Model } from './models.ts';

/** Values of a field of which a shortened index also finds others. */
export interface InexactMatch {
  readonly field: ResolvedField;
  readonly values: readonly unknown[];
}

interface Context {
  readonly fields: Fields;
  /** What is known of the row that is looked for, from the conditions around. */
  readonly known: Row;
  /** Where false matches are noted that are dropped after opening; undefined where none can be dropped. */
  readonly inexact: InexactMatch[] | undefined;
}

/**
 * A condition with encrypted fields replaced by their indexes.
 *
 * @param inexact Gets the fields whose false matches the caller drops. Without it they are refused.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY and others
 */
export async function rewriteWhere(
  fields: Fields,
  model: Model,
  where: unknown,
  inexact?: InexactMatch[],
): Promise<unknown> {
  return conditions(model, where, { fields, known: {}, inexact });
}

/**
 * A condition that finds one row, by an encrypted field or otherwise. Prisma wants a unique field beside all others, with
 * one value: so while the key of its index is rotated there are several conditions, to be tried in turn.
 */
export async function rewriteUniqueWhere(fields: Fields, model: Model, where: unknown): Promise<Args[]> {
  const args = requireArgs(where, 'where');
  const known = knownFromWhere(model, args);
  const key = uniqueKey(model.declared, args, known);
  const rest = Object.fromEntries(entriesOf(args).filter(([name]) => name !== key?.name));
  const others = (await conditions(model, rest, { fields, known, inexact: undefined })) as Args;
  if (!key) return [others];
  const { cipher, nameOf } = model.declared!;
  const { alternatives } = await search({ fields, known, inexact: undefined }, model.declared!, key.field, [key.value]);
  const keys = alternatives.flatMap(({ column, values }) => values.map((value) => ({ [nameOf(column)]: value })));
  if (keys.length === 0) throw unsupported(cipher.table, key.field.name, 'has no index to search by');
  return keys.map((unique) => ({ ...others, ...unique }));
}

/** The one condition of a place that takes no second try. @throws FieldsError ERR_UNSUPPORTED_QUERY */
export function onlyOne(model: Model, candidates: readonly Args[]): Args {
  if (candidates.length === 1) return candidates[0]!;
  throw refused(`${model.name}: an index key is being rotated, so here name the row by its id`);
}

/** The encrypted field that a row is found by, unless its id is there. */
function uniqueKey(declared: DeclaredModel | undefined, where: Args, known: Row) {
  if (!declared || declared.table.id.every((column) => Object.hasOwn(known, column))) return undefined;
  for (const [name, value] of entriesOf(where)) {
    const field = declared.encrypted.get(name);
    if (field?.index?.isUnique && value !== null && !isArgs(value)) return { name, field, value };
  }
  return undefined;
}

async function conditions(model: Model, where: unknown, outer: Context): Promise<unknown> {
  if (isLeftOut(where)) return where;
  const args = requireArgs(where, `a condition on ${model.name}`);
  const { declared } = model;
  const context = { ...outer, known: { ...outer.known, ...knownFromWhere(model, args) } };
  const blunt = { ...context, inexact: undefined };
  const kept: Record<string, unknown> = {};
  const added: unknown[] = [];
  for (const [name, value] of entriesOf(args)) {
    const encrypted = declared?.encrypted.get(name);
    const relation = model.relation(name);
    if (name === 'AND') kept.AND = await mapOneOrMany(value, (one) => conditions(model, one, context));
    else if (name === 'OR' || name === 'NOT') {
      kept[name] = await mapOneOrMany(value, (one) => conditions(model, one, blunt));
    } else if (encrypted) added.push(await encryptedFilter(declared!, encrypted, value, context));
    else if (relation) kept[name] = await relationFilter(relation, value, context.fields);
    else {
      requireClearNames(model, name, 'compared');
      if (model.fields.has(name)) requireClearReferences(model, value);
      else if (name === '__proto__') throw refused('a condition cannot have __proto__ as a key');
      // No field: the name of a compound key, with the fields in it.
      else requireClearKeys(model, requireArgs(value, `the key ${name} of ${model.name}`), 'compared');
      kept[name] = value;
    }
  }
  if (added.length === 0) return kept;
  return { ...kept, AND: [...(isLeftOut(kept.AND) ? [] : asList(kept.AND)), ...added] };
}

const QUANTIFIERS = ['is', 'isNot', 'some', 'every', 'none'];

async function relationFilter(model: Model, filter: unknown, fields: Fields): Promise<unknown> {
  if (filter === null) return filter;
  const args = requireArgs(filter, `a condition on ${model.name}`);
  const names = entriesOf(args).map(([name]) => name);
  const context: Context = { fields, known: {}, inexact: undefined };
  if (!names.some((name) => QUANTIFIERS.includes(name))) return conditions(model, args, context);
  if (names.some((name) => !QUANTIFIERS.includes(name) || model.fields.has(name))) {
    throw refused(`${model.name}: cannot tell a condition on its fields from ${QUANTIFIERS.join(', ')}`);
  }
  const rewritten: Record<string, unknown> = {};
  for (const [name, value] of entriesOf(args)) {
    rewritten[name] = value === null ? null : await conditions(model, value, context);
  }
  return rewritten;
}

/** A condition on an encrypted field as one on its columns. */
async function encryptedFilter(
  declared: DeclaredModel,
  field: ResolvedField,
  filter: unknown,
  context: Context,
): Promise<unknown> {
  const { table } = declared;
  const blunt = { ...context, inexact: undefined };
  if (isNull(filter)) return { AND: nullChecks(declared, field, true) };
  if (!isArgs(filter)) return matches(context, declared, field, [filter]);
  const parts: unknown[] = [];
  for (const [operator, value] of entriesOf(filter)) {
    switch (operator) {
      case 'equals':
        if (isArgs(value)) throw unsupported(table, field.name, 'is compared with a value, not with an object');
        parts.push(await encryptedFilter(declared, field, value, context));
        break;
      case 'in':
      case 'notIn': {
        if (!Array.isArray(value)) throw unsupported(table, field.name, 'can be searched in a list of values only');
        const found = await matches(operator === 'in' ? context : blunt, declared, field, value);
        parts.push(operator === 'in' ? found : { NOT: found });
        break;
      }
      case 'not':
        if (isNull(value)) parts.push({ OR: nullChecks(declared, field, false) });
        else parts.push({ NOT: await encryptedFilter(declared, field, value, blunt) });
        break;
      case 'mode':
        // The normaliser has decided what is equal when the index was written.
        if (value === 'default' || (value === 'insensitive' && CASELESS.has(field.type.normaliser))) break;
        throw unsupported(table, field.name, 'is searched as its type says, in no other mode');
      default:
        throw unsupported(table, field.name, 'is encrypted: it can be compared by equals, in, not and notIn only');
    }
  }
  return { AND: parts };
}

/** Normalisers that do not tell A from a. */
const CASELESS: ReadonlySet<string> = new Set(['email', 'words', 'caseless', 'digits']);

function nullChecks(declared: DeclaredModel, field: ResolvedField, isWanted: boolean): unknown[] {
  const { table, cipher, nameOf, isJson } = declared;
  if (field.isInRecord)
    throw unsupported(table, field.name, 'is in the record, which does not tell what in it is null');
  return cipher.columnsOf(field.name).map((column) => {
    const none = isJson(column) ? DbNull : null;
    return { [nameOf(column)]: isWanted ? { equals: none } : { not: none } };
  });
}

async function matches(
  context: Context,
  declared: DeclaredModel,
  field: ResolvedField,
  values: readonly unknown[],
): Promise<unknown> {
  const { table, cipher, nameOf } = declared;
  const { alternatives, isExact } = await search(context, declared, field, values);
  if (!isExact) {
    if (!context.inexact) {
      const how =
        'has a shortened index, which also finds others: search it with findMany, outside OR and NOT, unpaged';
      throw unsupported(table, field.name, how);
    }
    context.inexact.push({ field, values });
  }
  const [first, ...others] = alternatives.map(({ column, values: found }) => ({
    [nameOf(column)]: found.length === 1 ? { equals: found[0] } : { in: found },
  }));
  if (!first || others.length === 0) return first ?? { [nameOf(field.index!.column)]: { in: [] } };
  // Some rows are in one column only. Under NOT, null in the other must not hide them; where the field itself is null,
  // comparing with it must give null, as ever: so its column is compared with what no column holds.
  const [own] = cipher.columnsOf(field.name);
  return {
    OR: [
      ...[first, ...others].map((condition) => ({ AND: [{ [Object.keys(condition)[0]!]: { not: null } }, condition] })),
      { [nameOf(own!)]: table.store === 'text' ? 'bw1:' : new Uint8Array() },
    ],
  };
}

/** What to look for, for several values: each column once. */
async function search(
  { fields, known }: Context,
  { table, cipher }: DeclaredModel,
  field: ResolvedField,
  values: readonly unknown[],
) {
  await fields.ready(scopeOf(table, known, fields.defaultScope()));
  const byColumn = new Map<string, unknown[]>();
  let isExact = true;
  if (!field.index) throw unsupported(table, field.name, 'is encrypted and was declared without `search`');
  for (const value of values) {
    if (isFieldReference(value)) throw unsupported(table, field.name, 'cannot be compared with another field');
    const term = cipher.search(field.name, value, { row: known });
    isExact &&= term.isExact;
    for (const { column, values: found } of term.alternatives) {
      byColumn.set(column, [...(byColumn.get(column) ?? []), ...found]);
    }
  }
  return { alternatives: [...byColumn].map(([column, found]) => ({ column, values: found })), isExact };
}
