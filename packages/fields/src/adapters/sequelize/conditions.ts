import { Op } from 'sequelize';
import { type Row, scopeOf } from '../../row-id.ts';
import type { ResolvedField } from '../../table.ts';
import { unsupported } from '../../table-cipher.ts';
import type { EncryptedModel } from './models.ts';
import { isSequelizeMethod, type RawSqlGuard } from './raw-sql.ts';
import { Sealed } from './types.ts';

type Where = Record<PropertyKey, unknown>;

/** What a query looks for conditions on fields in. */
export interface WhereContext {
  readonly guard: RawSqlGuard;
  /** The model that names alone are of. */
  readonly model: EncryptedModel | undefined;
  /** Whether the model that names alone are of has such an attribute or column, encrypted or not. */
  isOwn(name: string): boolean;
  /** The model of a name with a path, `$orders.person.email$`; null: the query has no such path. */
  modelAt(path: readonly string[]): EncryptedModel | undefined | null;
}

/** Several tenants, or none in particular. */
const MANY = Symbol('many');

/**
 * Conditions with those on fields replaced by conditions on their indexes. Waits for keys.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export async function rewriteWhere(where: unknown, context: WhereContext): Promise<unknown> {
  return rewrite(where, context, [], false);
}

/** @param outer Conditions that hold together with this one, the nearest first. */
async function rewrite(
  where: unknown,
  context: WhereContext,
  outer: readonly unknown[],
  isNegated: boolean,
): Promise<unknown> {
  const together = [where, ...outer];
  if (Array.isArray(where)) {
    const all: unknown[] = [];
    for (const one of where) all.push(await rewrite(one, context, together, isNegated));
    return all;
  }
  if (!isPlainObject(where)) {
    context.guard.refuseIn(where);
    return where;
  }
  const rest: Where = {};
  const conditions: unknown[] = [];
  for (const key of Reflect.ownKeys(where)) {
    const value = where[key];
    if (key === Op.or) {
      // Members of one object are alternatives here.
      const each = isPlainObject(value)
        ? Reflect.ownKeys(value).map((name) => ({ [name]: value[name] }))
        : [value].flat();
      rest[key] = [];
      for (const one of each) (rest[key] as unknown[]).push(await rewrite(one, context, together, isNegated));
    } else if (key === Op.and || key === Op.not) {
      rest[key] = await rewrite(value, context, together, isNegated || key === Op.not);
    } else {
      const target = typeof key === 'string' ? targetOf(key, context) : undefined;
      if (target) conditions.push(await condition(target, value, together, isNegated));
      else {
        context.guard.refuseIn(value);
        rest[key] = value;
      }
    }
  }
  if (conditions.length === 0) return rest;
  return { [Op.and]: [...(Reflect.ownKeys(rest).length > 0 ? [rest] : []), ...conditions] };
}

/** A field that a condition names. */
interface Target {
  readonly model: EncryptedModel;
  readonly field: ResolvedField;
  /** The name of another column of the same row. */
  toKey(column: string): string;
  readonly hasPath: boolean;
}

function targetOf(key: string, { guard, isOwn, model: main, modelAt }: WhereContext): Target | undefined {
  const path = /^\$(.+)\$$/.exec(key)?.[1]?.split('.');
  const model = path && path.length > 1 ? modelAt(path.slice(0, -1)) : main;
  const name = path?.at(-1) ?? key;
  // Sequelize puts such names into SQL as they are, and the database may know them by an alias.
  if (model === null || (path?.length === 1 && !isOwn(name))) guard.refuseName(name);
  if (!model) {
    if (!path) guard.refuseJoined(key);
    return undefined;
  }
  const field = model.fieldOf(name);
  if (field) {
    const toKey = (column: string) => (path ? `$${[...path.slice(0, -1), column].join('.')}$` : column);
    return { model, field, toKey, hasPath: path !== undefined };
  }
  if (model.isHidden(name)) throw unsupported(model.table, name, 'is of the encryption: ask the field');
  const odd = name.split(/[.:]/).find((part) => model.names.has(part.replace(/\W/g, '').toLowerCase()));
  if (odd !== undefined)
    throw unsupported(model.table, odd, 'is encrypted: a condition names it by its own name alone');
  return undefined;
}

async function condition(
  target: Target,
  value: unknown,
  together: readonly unknown[],
  isNegated: boolean,
): Promise<Where> {
  const { model, field, toKey } = target;
  const { table, cipher, fields } = model;
  const question = questionOf(model, field, value);
  if ('isNull' in question) {
    const checks = cipher.columnsOf(field.name).map((column) => ({
      [toKey(column)]: question.isNull ? null : { [Op.not]: null },
    }));
    return { [question.isNull ? Op.and : Op.or]: checks };
  }
  if (!field.index) throw unsupported(table, field.name, 'is encrypted and was declared without `search`');
  // While an index is rotated, a row has a value of it in one of two columns, and null in the other: NOT gives no answer.
  if (isNegated) throw unsupported(table, field.name, 'is encrypted: inequality has no index');
  const scope = together.map((where) => scopeIn(where, target)).find((found) => found !== undefined);
  if (scope === MANY) throw unsupported(table, field.name, 'is searched in one tenant at a time');
  const row: Row = typeof table.scope === 'object' && scope !== undefined ? { [table.scope.column]: scope } : {};
  await fields.ready(scopeOf(table, row, fields.defaultScope()));
  const byColumn = new Map<string, unknown[]>([[field.index.column, []]]);
  for (const one of question.values) {
    const { alternatives, isExact } = cipher.search(field.name, one, { row });
    if (!isExact) throw unsupported(table, field.name, SHORTENED);
    for (const { column, values } of alternatives) {
      const isTyped = model.isTypedAsField(column) && !target.hasPath;
      const given = isTyped ? values.map((clear) => new Sealed(clear as string)) : values;
      byColumn.set(column, [...(byColumn.get(column) ?? []), ...given]);
    }
  }
  const asked = [...byColumn].filter(([, values]) => values.length > 0 || question.values.length === 0);
  return { [Op.or]: asked.map(([column, values]) => ({ [toKey(column)]: { [Op.in]: values } })) };
}

const SHORTENED = 'has a shortened index, whose false matches a query of Sequelize cannot drop: use search "filter"';

type Question = { readonly isNull: boolean } | { readonly values: readonly unknown[] };

/** What a condition asks: null or not, or equality with any of some values. */
function questionOf({ table }: EncryptedModel, field: ResolvedField, value: unknown): Question {
  const refuse = (how: string) => unsupported(table, field.name, `is encrypted and cannot be compared ${how}`);
  if (value === null) return { isNull: true };
  if (Array.isArray(value)) return { values: value };
  if (isSequelizeMethod(value)) throw refuse('with SQL');
  if (!isPlainObject(value)) return { values: [value] };
  const [operator, ...more] = Reflect.ownKeys(value);
  if (operator === undefined || more.length > 0 || typeof operator === 'string') throw refuse('member by member');
  const operand = value[operator];
  if ((operator === Op.eq || operator === Op.is) && operand === null) return { isNull: true };
  if ((operator === Op.ne || operator === Op.not) && operand === null) return { isNull: false };
  if (operator === Op.eq && !isPlainObject(operand) && !isSequelizeMethod(operand)) return { values: [operand] };
  const isList = Array.isArray(operand) && !operand.some((one) => isPlainObject(one) || isSequelizeMethod(one));
  if ((operator === Op.in || operator === Op.or) && isList) return { values: operand };
  throw refuse(`by ${String(operator.description)}`);
}

/** Whose row of the target's model a condition asks for, if it names one tenant. */
function scopeIn(where: unknown, target: Target): unknown {
  const { model, toKey } = target;
  const { scope } = model.table;
  if (typeof scope !== 'object') return undefined;
  if (Array.isArray(where)) return where.map((one) => scopeIn(one, target)).find((found) => found !== undefined);
  if (!isPlainObject(where)) return undefined;
  const named = where[toKey(scope.column)] ?? where[toKey(model.attributeOf(scope.column))];
  if (named !== undefined) return oneValueOf(named) ?? MANY;
  return where[Op.and] === undefined ? undefined : scopeIn([where[Op.and]].flat(), target);
}

/** The one value that a condition wants; undefined where it wants another thing. */
function oneValueOf(condition: unknown): unknown {
  const value = isPlainObject(condition) && Reflect.ownKeys(condition).length === 1 ? condition[Op.eq] : condition;
  const isOne = ['string', 'number', 'bigint'].includes(typeof value) || value instanceof Uint8Array;
  return isOne ? value : undefined;
}

/** What conditions say of every row that they match; nothing where that cannot be told, as with SQL of one's own. */
export function knownRow(model: EncryptedModel, where: unknown): Row {
  if (hasSql(where)) return {};
  const known: Record<string, unknown> = {};
  collect(where);
  return known;

  function collect(part: unknown): void {
    if (Array.isArray(part)) part.forEach(collect);
    if (!isPlainObject(part)) return;
    for (const column of model.placeColumns) {
      const condition = part[column] ?? part[model.attributeOf(column)];
      const [only, ...more] = [
        isPlainObject(condition) ? (condition[Op.in] ?? condition) : condition,
      ].flat() as unknown[];
      const value = more.length === 0 ? oneValueOf(only) : undefined;
      if (value !== undefined) known[column] = value;
    }
    collect(part[Op.and]);
  }
}

function hasSql(value: unknown): boolean {
  if (isSequelizeMethod(value)) return true;
  if (Array.isArray(value)) return value.some(hasSql);
  return isPlainObject(value) && Reflect.ownKeys(value).some((key) => hasSql(value[key]));
}

function isPlainObject(value: unknown): value is Where {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @throws FieldsError ERR_UNSUPPORTED_QUERY (a condition that only compares columns names a field) */
export function refuseFields(where: unknown, context: WhereContext): void {
  if (Array.isArray(where)) for (const one of where) refuseFields(one, context);
  else if (!isPlainObject(where)) context.guard.refuseIn(where);
  if (!isPlainObject(where)) return;
  for (const key of Reflect.ownKeys(where)) {
    const target = typeof key === 'string' ? targetOf(key, context) : undefined;
    if (target)
      throw unsupported(target.model.table, target.field.name, 'is encrypted, and cannot be joined or grouped by');
    refuseFields(where[key], context);
  }
}
