import { randomUUID } from 'node:crypto';
import type { Database } from './schema.ts';

/**
 * The tenant of a server that has only one, made at the first start.
 *
 * @returns Its identifier.
 */
export async function ensureTenant(db: Database, now: () => number): Promise<string> {
  const first = () => db.selectFrom('tenant').select('id').orderBy('created_at').orderBy('id').executeTakeFirst();
  const existing = await first();
  if (existing) return existing.id;
  await db.insertInto('tenant').values({ id: randomUUID(), created_at: now() }).execute();
  const { id } = (await first()) ?? {};
  if (!id) throw new Error('the tenant that was just made is not there');
  return id;
}
