import { DbNull, JsonNull, skip } from '@prisma/client/runtime/client';
import { FieldsError } from '../../errors.ts';

/** An object of a query, as Prisma takes it. */
export type Args = Readonly<Record<string, unknown>>;

/** Whether Prisma takes a value as if it had not been given. */
export function isLeftOut(value: unknown): boolean {
  return value === undefined || value === skip;
}

/** Null, or what Prisma has for it in JSON columns. */
export function isNull(value: unknown): boolean {
  return value === null || value === DbNull || value === JsonNull;
}

/** An object literal: no date, no bytes, nothing of Prisma's own (null constants, references to fields). */
export function isArgs(value: unknown): value is Args {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** An object where nothing else makes sense. */
export function requireArgs(value: unknown, what: string): Args {
  if (isArgs(value)) return value;
  throw refused(`${what} must be an object`);
}

/** What is given of an object. */
export function entriesOf(args: Args): [string, unknown][] {
  return Object.entries(args).filter(([, value]) => !isLeftOut(value));
}

/** Prisma takes one or several at most places. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Changes one or several, and gives one or several back. */
export async function mapOneOrMany(value: unknown, change: (one: unknown) => Promise<unknown>): Promise<unknown> {
  if (!Array.isArray(value)) return change(value);
  const changed: unknown[] = [];
  for (const one of value) changed.push(await change(one));
  return changed;
}

/**
 * Refuses functions anywhere: Prisma calls a `toJSON` that it finds, and takes what it gives for the query.
 *
 * @throws FieldsError ERR_UNSUPPORTED_QUERY
 */
export function refuseFunctions(value: unknown): void {
  if (typeof value === 'function') throw refused('a query with functions in it cannot be looked through');
  if (Array.isArray(value)) for (const one of value) refuseFunctions(one);
  else if (isArgs(value)) for (const one of Object.values(value)) refuseFunctions(one);
}

/** The error of a query that cannot be answered or looked through. */
export function refused(message: string): FieldsError {
  return new FieldsError('ERR_UNSUPPORTED_QUERY', message);
}
