import { FieldsError } from './errors.ts';

/** Stands for each element of an array or member of an object. */
const EACH = '*';

/** Names that reach an object's prototype, and have no place in a path. */
const NEVER = new Set(['__proto__', 'prototype', 'constructor']);

/** Reads `payment.token` or `cards.*.number`. @throws FieldsError ERR_DECLARATION */
export function parsePath(at: string, path: string): readonly string[] {
  const parts = path.split('.');
  const wrong = parts.some((part) => part === '' || NEVER.has(part)) || parts.every((part) => part === EACH);
  if (wrong) throw new FieldsError('ERR_DECLARATION', `${at} has the path ${JSON.stringify(path)}, which is none`);
  return parts;
}

/**
 * A copy of a JSON value in which what lies at the paths is replaced. What a path does not reach is left as it is.
 *
 * @param replace Given the value and where it lies, with array positions: `cards.0.number`.
 */
export function mapPaths(
  value: unknown,
  paths: readonly (readonly string[])[],
  replace: (value: unknown, at: string) => unknown,
): unknown {
  return paths.reduce((copy, path) => mapPath(copy, path, '', replace), value);
}

function mapPath(
  value: unknown,
  path: readonly string[],
  at: string,
  replace: (value: unknown, at: string) => unknown,
): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value === null ? null : replace(value, at);
  if (value === null || typeof value !== 'object') return value;
  const below = (member: unknown, key: string) => mapPath(member, rest, at === '' ? key : `${at}.${key}`, replace);
  if (Array.isArray(value)) {
    return value.map((member, i) => (part === EACH || part === String(i) ? below(member, String(i)) : member));
  }
  // fromEntries defines members instead of setting them: a member named __proto__ stays a member.
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, part === EACH || part === key ? below(member, key) : member]),
  );
}
