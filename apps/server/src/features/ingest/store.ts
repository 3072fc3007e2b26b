import { REPLAY_WINDOW } from '@bulwark/telemetry';
import type { Database } from '../../db/schema.ts';

/** Where a machine's earlier reports ended; all of it in clear, so ingest may read it. 0 before the first. */
export interface IngestHistory {
  readonly lastKeyNo: number;
  readonly lastBootNo: number;
  readonly lastReceivedAt: number;
}

export type IngestStore = ReturnType<typeof ingestStore>;

export function ingestStore(db: Database) {
  return {
    async history(machineNo: number): Promise<IngestHistory> {
      const { lastBootNo } = await db
        .selectFrom('machine_boot')
        .select(({ fn }) => fn.max('boot_no').as('lastBootNo'))
        .where('machine_no', '=', machineNo)
        .executeTakeFirstOrThrow();
      const { lastKeyNo } = await db
        .selectFrom('machine_key')
        .select(({ fn }) => fn.max('key_no').as('lastKeyNo'))
        .where('machine_no', '=', machineNo)
        .executeTakeFirstOrThrow();
      const { lastReceivedAt } = await db
        .selectFrom('hot_report')
        .select(({ fn }) => fn.max('received_at').as('lastReceivedAt'))
        .where('machine_no', '=', machineNo)
        .executeTakeFirstOrThrow();
      return { lastKeyNo: lastKeyNo ?? 0, lastBootNo: lastBootNo ?? 0, lastReceivedAt: lastReceivedAt ?? 0 };
    },

    /** The number of a boot that has reported before. */
    async findBootNo(machineNo: number, bootId: Buffer): Promise<number | undefined> {
      const row = await db
        .selectFrom('machine_boot')
        .select('boot_no')
        .where('machine_no', '=', machineNo)
        .where('boot_id', '=', bootId)
        .executeTakeFirst();
      return row?.boot_no;
    },

    /**
     * Sequence numbers of a boot that a replay window must know. Whatever came in after the window's oldest number was
     * at most one window older and is at most one window newer, so two windows of the latest rows hold them all.
     */
    async recentSequences(machineNo: number, bootNo: number): Promise<number[]> {
      const rows = await db
        .selectFrom('hot_report')
        .select('sequence')
        .where('machine_no', '=', machineNo)
        .where('boot_no', '=', bootNo)
        .orderBy('received_at', 'desc')
        .limit(2 * REPLAY_WINDOW)
        .execute();
      return rows.map(({ sequence }) => sequence);
    },
  };
}
