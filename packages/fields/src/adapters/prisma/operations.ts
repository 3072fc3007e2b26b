import type { Fields } from '../../fields.ts';
import { type Args, asList, entriesOf, isArgs, isLeftOut, mapOneOrMany, refused, requireArgs } from './args.ts';
import { requireClearKeys, requireClearNames } from './clear-fields.ts';
import { narrow, sealChange, sealNewRow } from './data.ts';
import type { Model } from './models.ts';
import { openResult } from './open-rows.ts';
import { type RowPlan, rewriteSelection, type Selection } from './selection.ts';
import { type InexactMatch, onlyOne, rewriteUniqueWhere, rewriteWhere } from './where.ts';

/** One call of a model's method. */
export interface Call {
  readonly operation: string;
  readonly args: Args;
  /** Asks the database. */
  readonly query: (args: Args) => Promise<unknown>;
  /** Where in the row the result lies, for `findUnique(…).orders()`: relations. */
  readonly resultPath: readonly string[];
  readonly isInBatch: boolean;
}

/** Runs a call with its arguments sealed and its result opened. */
export async function runCall(fields: Fields, model: Model, call: Call): Promise<unknown> {
  const { operation, args, query } = call;
  switch (operation) {
    case 'findUnique':
    case 'findUniqueOrThrow':
    case 'delete': {
      const { where, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      const candidates = await rewriteUniqueWhere(fields, model, where);
      return tryEach(fields, model, call, selection, candidates);
    }
    case 'findMany':
      return findMany(fields, model, call);
    case 'findFirst':
    case 'findFirstOrThrow':
      return ask(fields, call, await rewriteRead(fields, model, args));
    case 'create': {
      const { data, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      return ask(fields, call, selection, { data: await sealNewRow(fields, model, data ?? {}) });
    }
    case 'createMany':
    case 'createManyAndReturn': {
      const { data, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      return ask(fields, call, selection, { data: await mapOneOrMany(data, (row) => sealNewRow(fields, model, row)) });
    }
    case 'update': {
      const { data, where, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      const change = await sealChange(fields, model, data, where);
      const candidates = await rewriteUniqueWhere(fields, model, where);
      const narrowed = candidates.map((one) => narrow(one, change.narrowedTo) as Args);
      return tryEach(fields, model, call, { ...selection, args: { ...selection.args, data: change.data } }, narrowed);
    }
    case 'updateMany':
    case 'updateManyAndReturn': {
      const { data, where, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      const change = await sealChange(fields, model, data, where);
      const narrowed = narrow(await rewriteWhere(fields, model, where), change.narrowedTo);
      return ask(fields, call, selection, { where: narrowed, data: change.data });
    }
    case 'upsert': {
      const { where, create, update, ...rest } = args;
      const selection = await rewriteRead(fields, model, rest);
      const change = await sealChange(fields, model, update, where);
      const unique = onlyOne(model, await rewriteUniqueWhere(fields, model, where));
      return ask(fields, call, selection, {
        where: narrow(unique, change.narrowedTo),
        create: await sealNewRow(fields, model, create),
        update: change.data,
      });
    }
    case 'deleteMany':
    case 'count':
    case 'aggregate':
    case 'groupBy':
      return query(await rewriteSummary(fields, model, args));
    default:
      throw refused(`${model.name}: ${operation} cannot be looked through`);
  }
}

async function ask(fields: Fields, call: Call, { args, plan }: Selection, more: Args = {}): Promise<unknown> {
  const result = await call.query({ ...args, ...more });
  const reached = call.resultPath.reduce<RowPlan | undefined>((at, name) => at?.relations.get(name), plan);
  return reached ? openResult(fields, reached, result) : result;
}

/** Asks with one condition after the other until a row is found. */
async function tryEach(
  fields: Fields,
  model: Model,
  call: Call,
  selection: Selection,
  candidates: readonly Args[],
): Promise<unknown> {
  // A batch counts its queries: each can ask once.
  if (call.isInBatch) onlyOne(model, candidates);
  for (const where of candidates.slice(0, -1)) {
    try {
      const result = await ask(fields, call, selection, { where });
      if (result !== null) return result;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return ask(fields, call, selection, { where: candidates.at(-1) });
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'P2025';
}

/** Where a shortened index is searched, rows that it finds besides are dropped once they are open. */
async function findMany(fields: Fields, model: Model, call: Call): Promise<unknown> {
  const { args } = call;
  const isWhole = [args.take, args.skip, args.cursor, args.distinct].every(isLeftOut);
  const inexact: InexactMatch[] = [];
  const selection = await rewriteRead(fields, model, args, isWhole ? inexact : undefined);
  if (inexact.length === 0) return ask(fields, call, selection);

  const { cipher, encrypted } = model.declared!;
  const { wanted } = selection.plan;
  const names = new Map([...encrypted].map(([name, field]) => [field, name]));
  const alsoWanted = wanted && new Set([...wanted, ...inexact.map(({ field }) => names.get(field)!)]);
  const rows = await ask(fields, call, { ...selection, plan: { ...selection.plan, wanted: alsoWanted } });
  const isMatch = (row: Args) =>
    inexact.every(({ field, values }) => {
      const opened = { [field.name]: row[names.get(field)!] };
      return values.some((value) => cipher.keepMatches([opened], field.name, value).length > 0);
    });
  return (rows as Args[])
    .filter(isMatch)
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => isAsked(name, encrypted, wanted))));
}

function isAsked(name: string, encrypted: ReadonlyMap<string, unknown>, wanted: ReadonlySet<string> | undefined) {
  return wanted === undefined || wanted.has(name) || !encrypted.has(name);
}

/** What says how much to give, and nothing of fields. */
const PASSED: ReadonlySet<string> = new Set(['take', 'skip', 'limit', 'skipDuplicates', 'relationLoadStrategy']);

/** The arguments of a query for rows, or of a relation in one. */
async function rewriteRead(fields: Fields, model: Model, args: Args, inexact?: InexactMatch[]): Promise<Selection> {
  const { select, include, omit, ...rest } = args;
  const rewritten = await rewriteSummary(fields, model, rest, inexact);
  const needed = inexact?.map(({ field }) => field) ?? [];
  const nested = (relation: Model, inner: Args) => rewriteRead(fields, relation, inner);
  const selection = await rewriteSelection(model, { select, include, omit }, needed, nested);
  return { args: { ...rewritten, ...selection.args }, plan: selection.plan };
}

/** The arguments that say which rows. */
async function rewriteSummary(fields: Fields, model: Model, args: Args, inexact?: InexactMatch[]): Promise<Args> {
  const rewritten: Record<string, unknown> = {};
  for (const [name, value] of entriesOf(args)) {
    switch (name) {
      case 'where':
        rewritten.where = await rewriteWhere(fields, model, value, inexact);
        continue;
      case 'orderBy':
        requireClearOrder(model, value);
        break;
      case 'cursor':
        requireClearKeys(model, value, 'used as a cursor');
        break;
      case 'distinct':
      case 'by':
        requireClearNames(model, value, 'grouped');
        break;
      case 'select': // of `count`
      case 'having':
      case '_count':
      case '_min':
      case '_max':
      case '_sum':
      case '_avg':
        requireClearKeys(model, value, 'aggregated');
        break;
      default:
        if (!PASSED.has(name)) throw refused(`${model.name}: the argument ${name} cannot be looked through`);
    }
    rewritten[name] = value;
  }
  return rewritten;
}

const AGGREGATES: ReadonlySet<string> = new Set(['_count', '_min', '_max', '_sum', '_avg']);

function requireClearOrder(model: Model, orderBy: unknown): void {
  for (const one of asList(orderBy)) {
    for (const [name, value] of entriesOf(requireArgs(one, 'orderBy'))) {
      const relation = model.relation(name);
      if (relation) requireClearOrder(relation, value);
      else if (name === '_relevance') requireClearNames(model, isArgs(value) ? value.fields : [], 'sorted');
      else if (AGGREGATES.has(name) || model.fields.has(name)) requireClearKeys(model, { [name]: value }, 'sorted');
      // Fields of the record are no fields of Prisma's.
      else {
        requireClearNames(model, name, 'sorted');
        throw refused(`${model.name}: cannot be sorted by what is none of its fields`);
      }
    }
  }
}
