import type { Database } from '../../db/schema.ts';

/** Sessions last used before `idleSince`, or to end by `now`, are over; ms since the epoch. */
interface Moment {
  now: number;
  idleSince: number;
}

export type SessionStore = ReturnType<typeof sessionStore>;

/** One row a session, found by the hash of its token. */
export function sessionStore(db: Database) {
  return {
    async add(session: { tokenHash: Buffer; userId: string; createdAt: number; expiresAt: number }): Promise<void> {
      const { tokenHash, userId, createdAt, expiresAt } = session;
      const row = {
        token_hash: tokenHash,
        user_id: userId,
        created_at: createdAt,
        last_used_at: createdAt,
        expires_at: expiresAt,
      };
      await db.insertInto('session').values(row).execute();
    },

    /** The session and its user's row, where it is not over. */
    async find(tokenHash: Buffer, { now, idleSince }: Moment) {
      return db
        .selectFrom('session')
        .innerJoin('user', 'user.id', 'session.user_id')
        .select(['user.id', 'user.username', 'user.role', 'session.last_used_at', 'session.expires_at'])
        .where('session.token_hash', '=', tokenHash)
        .where('session.expires_at', '>', now)
        .where('session.last_used_at', '>', idleSince)
        .executeTakeFirst();
    },

    async touch(tokenHash: Buffer, now: number): Promise<void> {
      await db.updateTable('session').set({ last_used_at: now }).where('token_hash', '=', tokenHash).execute();
    },

    /** @returns whether there was one */
    async remove(tokenHash: Buffer): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('session').where('token_hash', '=', tokenHash).executeTakeFirst();
      return numDeletedRows > 0n;
    },

    /** Removes the sessions that are over. @returns their token hashes */
    async removeEnded({ now, idleSince }: Moment): Promise<Buffer[]> {
      const rows = await db
        .deleteFrom('session')
        .where((where) => where.or([where('expires_at', '<=', now), where('last_used_at', '<=', idleSince)]))
        .returning('token_hash')
        .execute();
      return rows.map((row) => row.token_hash);
    },
  };
}
