/**
 * How far the encryption of a column that held plain text has come. Where a field has a `plainColumn`:
 *
 * | phase | writes | reads |
 * |--|--|--|
 * | plain | plain | plain |
 * | dual-writing | plain, sealed | plain |
 * | backfilled | plain, sealed | sealed |
 * | encrypted-only | sealed; plain is emptied | sealed |
 * | plain-dropped | sealed | sealed |
 *
 * Without one the column is encrypted in place: `plain` writes plain text, `dual-writing` and `backfilled` write sealed
 * values, all three read both, and from `encrypted-only` on plain text is an error.
 */
export type Phase = 'plain' | 'dual-writing' | 'backfilled' | 'encrypted-only' | 'plain-dropped';

/** The phases, in their order. */
export const PHASES: readonly Phase[] = ['plain', 'dual-writing', 'backfilled', 'encrypted-only', 'plain-dropped'];

/** Where each field stands. Kept in the database by `@bulwark/fields/jobs`, or given by hand. */
export interface FieldStates {
  /** undefined: no migration is recorded, and so nothing but sealed values is taken. */
  phase(table: string, field: string): Phase | undefined;
  /** Whether the key of the field's blind index is being rotated: its `_next` column is in use. */
  isIndexRotating(table: string, field: string): boolean;
}

/** Nothing is migrated and nothing rotated. */
export const SETTLED: FieldStates = { phase: () => undefined, isIndexRotating: () => false };
