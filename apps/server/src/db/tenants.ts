import { randomUUID } from 'node:crypto';
import type { Database } from './schema.ts';

/** The tenant of a server that has only one. */
const DEFAULT_SLUG = 'default';

/**
 * Makes the tenant at the first start. Of several servers that start at once one makes it, and all find the same.
 *
 * @returns Its identifier.
 */
export async function ensureTenant(db: Database, now: () => number): Promise<string> {
  await db
    .insertInto('tenant')
    .values({ id: randomUUID(), slug: DEFAULT_SLUG, created_at: now() })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .execute();
  const { id } = await db.selectFrom('tenant').select('id').where('slug', '=', DEFAULT_SLUG).executeTakeFirstOrThrow();
  return id;
}
