import type { Migration } from 'kysely/migration';
import * as foundation from './0001-foundation.ts';

/** In order. Frozen once released; add at the end, and two branches that both add will conflict here. */
export const migrations: Record<string, Migration> = {
  '0001-foundation': foundation,
};
