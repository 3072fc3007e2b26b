import type { Database } from '../../db/schema.ts';

export interface EnrolmentTokenRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly tokenHash: Buffer;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly machineId: string | null;
}

export type EnrolmentStore = ReturnType<typeof enrolmentStore>;

/** One-time tokens; only their hashes. */
export function enrolmentStore(db: Database) {
  return {
    async add(token: Omit<EnrolmentTokenRecord, 'usedAt' | 'machineId'>): Promise<void> {
      await db
        .insertInto('enrolment_token')
        .values({
          id: token.id,
          tenant_id: token.tenantId,
          token_hash: token.tokenHash,
          created_at: token.createdAt,
          expires_at: token.expiresAt,
          used_at: null,
          machine_id: null,
        })
        .execute();
    },

    async find(id: string): Promise<EnrolmentTokenRecord | undefined> {
      const row = await db.selectFrom('enrolment_token').selectAll().where('id', '=', id).executeTakeFirst();
      return (
        row && {
          id: row.id,
          tenantId: row.tenant_id,
          tokenHash: row.token_hash,
          createdAt: row.created_at,
          expiresAt: row.expires_at,
          usedAt: row.used_at,
          machineId: row.machine_id,
        }
      );
    },

    /**
     * Spends a token for a machine, in one statement, so that two requests at once cannot both have it.
     *
     * @returns false for a token that is unknown, expired or spent.
     */
    async spend(
      tokenHash: Buffer,
      { machineId, now }: { machineId: string; now: number },
      transaction: Database,
    ): Promise<boolean> {
      const { numUpdatedRows } = await transaction
        .updateTable('enrolment_token')
        .set({ used_at: now, machine_id: machineId })
        .where('token_hash', '=', tokenHash)
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}
