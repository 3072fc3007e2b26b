import type { Database } from '../../db/schema.ts';
import type { HotLogWriter } from './hot-log.ts';

/** Rows a statement; PostgreSQL takes at most 65,535 parameters. */
const ROWS_PER_INSERT = 2000;

/** Writes the hot log through Kysely, one transaction a group. For PostgreSQL. */
export function sqlHotLogWriter(db: Database): HotLogWriter {
  return {
    async write(entries) {
      const reports = entries.flatMap(({ report }) => report ?? []);
      const keys = entries.flatMap(({ key }) => key ?? []);
      const boots = entries.flatMap(({ boot }) => boot ?? []);
      const dictionaries = entries.flatMap(({ dictionary }) => dictionary ?? []);

      await db.transaction().execute(async (tx) => {
        // Key and boot come along until they are durable, so the same row may come twice; another one may not.
        for (const row of keys) {
          const written = await tx
            .insertInto('machine_key')
            .values({
              machine_no: row.machineNo,
              key_no: row.keyNo,
              created_at: row.createdAt,
              sealed_key: Buffer.from(row.sealedKey),
            })
            .onConflict((conflict) =>
              conflict
                .columns(['machine_no', 'key_no'])
                .doUpdateSet({ key_no: row.keyNo })
                .whereRef('machine_key.sealed_key', '=', 'excluded.sealed_key'),
            )
            .executeTakeFirst();
          requireWritten(written.numInsertedOrUpdatedRows);
        }
        for (const row of boots) {
          const written = await tx
            .insertInto('machine_boot')
            .values({
              machine_no: row.machineNo,
              boot_no: row.bootNo,
              boot_id: Buffer.from(row.bootId),
              first_seen_at: row.firstSeenAt,
            })
            .onConflict((conflict) =>
              conflict
                .columns(['machine_no', 'boot_no'])
                .doUpdateSet({ boot_no: row.bootNo })
                .whereRef('machine_boot.boot_id', '=', 'excluded.boot_id'),
            )
            .executeTakeFirst();
          requireWritten(written.numInsertedOrUpdatedRows);
        }
        for (const rows of chunks(dictionaries)) {
          await tx
            .insertInto('series_dictionary')
            .values(
              rows.map((row) => ({
                machine_no: row.machineNo,
                hash: Buffer.from(row.hash),
                key_no: row.keyNo,
                counter: row.counter,
                body: Buffer.from(row.body),
              })),
            )
            .onConflict((conflict) => conflict.columns(['machine_no', 'hash']).doNothing())
            .execute();
        }
        for (const rows of chunks(reports)) {
          await tx
            .insertInto('hot_report')
            .values(
              rows.map((row) => ({
                machine_no: row.machineNo,
                received_at: row.receivedAt,
                boot_no: row.bootNo,
                sequence: row.sequence,
                key_no: row.keyNo,
                counter: row.counter,
                body: Buffer.from(row.body),
              })),
            )
            .execute();
        }
      });
    },
    async close() {},
  };
}

function* chunks<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) yield rows.slice(at, at + ROWS_PER_INSERT);
}

function requireWritten(rows: bigint | undefined): void {
  if (rows !== 1n) throw new Error('the number of a key or boot was taken by another server process');
}
