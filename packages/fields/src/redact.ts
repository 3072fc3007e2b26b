import { isSealedField } from '@bulwark/crypto';
import type { EncryptedTable } from './table.ts';

const SEALED = '[sealed]';
const REDACTED = '[redacted]';
const MAX_DEPTH = 8;

/**
 * A copy of anything for a log: sealed values, encrypted fields and declared secrets are replaced, wherever they lie.
 *
 * A field is known by its name or column, so a member of another object that is called the same is replaced too.
 */
export function redactor(tables: readonly EncryptedTable[]): (value: unknown) => unknown {
  const names = new Set<string>();
  const pathLeaves = new Set<string>();
  for (const { fields, record } of tables) {
    if (record) names.add(record.column);
    for (const { name, column, plainColumn, pathParts, index } of Object.values(fields)) {
      if (pathParts) for (const path of pathParts) pathLeaves.add(path.findLast((part) => part !== '*')!);
      else for (const known of [name, column, plainColumn]) if (known !== undefined) names.add(known);
      if (index) names.add(index.column).add(index.nextColumn);
    }
  }
  const isHidden = (key: string) => names.has(key) || pathLeaves.has(key);

  function redact(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return value.replace(/bw1:[\w-]+/g, SEALED);
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    if (value instanceof Uint8Array) return isSealedField(value) ? SEALED : `[${value.length} bytes]`;
    if (depth >= MAX_DEPTH) return '[…]';
    if (Array.isArray(value)) return value.map((member) => redact(member, depth + 1));
    const members = value instanceof Error ? { ...value, name: value.name, message: value.message } : value;
    return Object.fromEntries(
      Object.entries(members).map(([key, member]) => [
        key,
        isHidden(key) && member !== null && member !== undefined ? REDACTED : redact(member, depth + 1),
      ]),
    );
  }
  return (value) => redact(value, 0);
}
