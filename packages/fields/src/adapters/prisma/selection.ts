import type { ResolvedField } from '../../table.ts';
import { type Args, entriesOf, isArgs, refused, requireArgs } from './args.ts';
import { requireClearNames } from './clear-fields.ts';
import type { DeclaredModel, Model } from './models.ts';

/** What to do with the rows of a result. */
export interface RowPlan {
  readonly model: Model;
  /** Encrypted fields that were asked for, by their names in Prisma; all that are there if undefined. */
  readonly wanted: ReadonlySet<string> | undefined;
  /** What was read only to open the others. */
  readonly dropped: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, RowPlan>;
}

/** The arguments of a query that say what of its rows to give. */
export interface Selection {
  readonly args: Args;
  readonly plan: RowPlan;
}

/** Rewrites the arguments of a relation that is read along: its conditions and its own selection. */
export type RewriteNested = (model: Model, args: Args) => Promise<Selection>;

/**
 * Asks for the columns that opening needs.
 *
 * @param alsoNeeded Fields that must be there though nobody asked.
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export async function rewriteSelection(
  model: Model,
  { select, include, omit }: Args,
  alsoNeeded: readonly ResolvedField[],
  nested: RewriteNested,
): Promise<Selection> {
  const relations = new Map<string, RowPlan>();

  /** Relations, counts of them, and whatever is no column. */
  async function rewriteMember(name: string, value: unknown): Promise<unknown> {
    const relation = model.relation(name);
    if (!relation?.reachesDeclared) {
      if (name === '_count' && isArgs(value)) return rewriteCounts(value);
      return value;
    }
    if (value === false) return value;
    const { args, plan } = await nested(relation, value === true ? {} : requireArgs(value, `${model.name}.${name}`));
    relations.set(name, plan);
    return Object.keys(args).length === 0 ? true : args;
  }

  async function rewriteCounts(counts: Args): Promise<Args> {
    const counted: Record<string, unknown> = {};
    for (const [name, value] of entriesOf(requireArgs(counts.select, 'the selection of _count'))) {
      const relation = model.relation(name);
      const isPlain = !relation?.reachesDeclared || typeof value === 'boolean';
      counted[name] = isPlain ? value : (await nested(relation, requireArgs(value, `_count of ${name}`))).args;
    }
    return { ...counts, select: counted };
  }

  async function rewriteMembers(members: Args): Promise<Record<string, unknown>> {
    const rewritten: Record<string, unknown> = {};
    for (const [name, value] of entriesOf(members)) rewritten[name] = await rewriteMember(name, value);
    return rewritten;
  }

  if (select !== undefined && select !== null) {
    const asked = await rewriteMembers(requireArgs(select, 'select'));
    const also = { ...(include !== undefined && { include }), ...(omit !== undefined && { omit }) };
    if (!model.declared) return { args: { ...also, select: asked }, plan: planOf(model, relations) };
    const explicit = explicitColumns(model, model.declared, asked, alsoNeeded);
    return { args: { ...also, select: explicit.select }, plan: { ...planOf(model, relations), ...explicit.plan } };
  }
  const args: Record<string, unknown> = {};
  if (isArgs(include)) args.include = await rewriteMembers(include);
  if (!isArgs(omit)) return { args, plan: planOf(model, relations) };
  if (!model.declared) return { args: { ...args, omit }, plan: planOf(model, relations) };
  const remaining = allButOmitted(model.declared, omit, alsoNeeded);
  return { args: { ...args, omit: remaining.omit }, plan: { ...planOf(model, relations), ...remaining.plan } };
}

function planOf(model: Model, relations: ReadonlyMap<string, RowPlan>): RowPlan {
  return { model, wanted: undefined, dropped: new Set(), relations };
}

/** A `select` of encrypted fields as one of their columns, and of what they are bound to. */
function explicitColumns(model: Model, declared: DeclaredModel, asked: Args, alsoNeeded: readonly ResolvedField[]) {
  const { encrypted, cipher, nameOf } = declared;
  const select: Record<string, unknown> = {};
  const wanted = new Set<string>();
  const needed = new Set(alsoNeeded);
  let hasComputed = false;
  for (const [name, value] of Object.entries(asked)) {
    const field = encrypted.get(name);
    if (!field) {
      if (declared.hidden.has(name)) requireClearNames(model, name, 'read');
      select[name] = value;
      // A field that another extension computes: Prisma adds the fields that it needs.
      if (!model.fields.has(name) && name !== '_count') hasComputed = true;
    } else if (value === true) {
      wanted.add(name);
      needed.add(field);
    } else if (value !== false) throw refused(`${model.name}.${name} can be selected by true only`);
  }
  const dropped = new Set<string>();
  for (const field of needed) for (const column of cipher.columnsOf(field.name)) select[nameOf(column)] = true;
  if (needed.size > 0 || hasComputed) {
    for (const name of placeNames(declared)) {
      if (select[name] === true) continue;
      select[name] = true;
      if (!hasComputed) dropped.add(name);
    }
  }
  return { select, plan: { wanted: hasComputed ? undefined : wanted, dropped } };
}

/** An `omit` of encrypted fields as one of their columns; what the others are bound to is read all the same. */
function allButOmitted(declared: DeclaredModel, asked: Args, alsoNeeded: readonly ResolvedField[]) {
  const { encrypted, hidden, cipher, nameOf } = declared;
  const isOmitted = (name: string) => asked[name] === true;
  const wanted = new Set([...encrypted.keys()].filter((name) => !isOmitted(name)));
  const needed = new Set([...encrypted].flatMap(([name, field]) => (isOmitted(name) ? [] : field)));
  for (const field of alsoNeeded) needed.add(field);
  // Hidden columns are not given in any case: asking for less of them must not keep a field from being opened.
  const omit = Object.fromEntries(Object.entries(asked).filter(([name]) => !encrypted.has(name) && !hidden.has(name)));
  const columnsNeeded = new Set([...needed].flatMap((field) => cipher.columnsOf(field.name)));
  for (const [name, field] of encrypted) {
    if (!isOmitted(name)) continue;
    for (const column of cipher.columnsOf(field.name)) if (!columnsNeeded.has(column)) omit[nameOf(column)] = true;
  }
  const dropped = new Set<string>();
  if (needed.size > 0) {
    for (const name of placeNames(declared)) {
      if (omit[name] !== true) continue;
      omit[name] = false;
      dropped.add(name);
    }
  }
  return { omit, plan: { wanted, dropped } };
}

function placeNames({ idNames, scopeName }: DeclaredModel): readonly string[] {
  return scopeName === undefined ? idNames : [...idNames, scopeName];
}
