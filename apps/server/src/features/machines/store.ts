import { CryptoError } from '@bulwark/crypto';
import type { FieldCipher } from '@bulwark/keyring';
import { MachineInfo, uuidBytes } from '@bulwark/protocol';
import type { Database } from '../../db/schema.ts';

/** A machine of the fleet, and with it the agent that speaks for it. */
export interface Machine {
  readonly id: string;
  /** The same, 16 bytes, as frames carry it. */
  readonly idBytes: Buffer;
  /** Its short name in the large tables. */
  readonly no: number;
  readonly tenantId: string;
  /** undefined where the stored name does not open: altered, or moved here from another row. */
  readonly name: string | undefined;
  /** What it last said of itself; undefined before its first report, or where it does not open. */
  readonly info: MachineInfo | undefined;
  /** X25519 and Ed25519 public keys of its agent, 32 bytes each. */
  readonly agreementKey: Buffer;
  readonly signingKey: Buffer;
  readonly keyEpoch: number;
  /** SHA-256 of the agent's API token. */
  readonly tokenHash: Buffer;
  readonly intervalSeconds: number;
  readonly enrolledAt: number;
  readonly revokedAt: number | null;
}

export type NewMachine = Omit<Machine, 'no' | 'idBytes' | 'name' | 'info' | 'revokedAt'> & { readonly name: string };

export type MachineStore = ReturnType<typeof machineStore>;

const nameCell = (machineId: string) => ({ table: 'machine', column: 'name', row: machineId });
const infoCell = (machineId: string) => ({ table: 'machine', column: 'info', row: machineId });

/**
 * Machines; name and information sealed. A revoked machine keeps its history.
 *
 * @param onUnreadable Told of each cell that does not open; the rest of the fleet is there all the same.
 */
export function machineStore(
  db: Database,
  fields: FieldCipher,
  onUnreadable: (cell: { table: string; column: string; row: string | undefined }) => void,
) {
  function openText(cell: ReturnType<typeof nameCell>, sealed: Buffer): string | undefined {
    try {
      return fields.openText(cell, sealed);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      onUnreadable(cell);
      return undefined;
    }
  }

  return {
    async list(): Promise<Machine[]> {
      const rows = await db.selectFrom('machine').selectAll().orderBy('no').execute();
      return rows.map((row) => {
        const info = row.info && openText(infoCell(row.id), row.info);
        return {
          id: row.id,
          idBytes: uuidBytes(row.id),
          no: row.no,
          tenantId: row.tenant_id,
          name: openText(nameCell(row.id), row.name),
          info: info ? MachineInfo.parse(JSON.parse(info)) : undefined,
          agreementKey: row.agreement_key,
          signingKey: row.signing_key,
          keyEpoch: row.key_epoch,
          tokenHash: row.token_hash,
          intervalSeconds: row.interval_seconds,
          enrolledAt: row.enrolled_at,
          revokedAt: row.revoked_at,
        };
      });
    },

    /** To be called within the transaction that spends the enrolment token. */
    async add(machine: NewMachine, transaction: Database = db): Promise<Machine> {
      const { no } = await transaction
        .insertInto('machine')
        .values((eb) => ({
          id: machine.id,
          no: eb
            .selectFrom('machine as other')
            .select(({ fn, lit }) => [eb(fn.coalesce(fn.max('other.no'), lit(0)), '+', 1).as('next')]),
          tenant_id: machine.tenantId,
          name: fields.seal(nameCell(machine.id), machine.name),
          info: null,
          agreement_key: machine.agreementKey,
          signing_key: machine.signingKey,
          key_epoch: machine.keyEpoch,
          token_hash: machine.tokenHash,
          interval_seconds: machine.intervalSeconds,
          enrolled_at: machine.enrolledAt,
          revoked_at: null,
        }))
        .returning('no')
        .executeTakeFirstOrThrow();
      return { ...machine, idBytes: uuidBytes(machine.id), no, info: undefined, revokedAt: null };
    },

    /** True where a machine was enrolled with this agreement key. */
    async isKnown(agreementKey: Buffer, transaction: Database = db): Promise<boolean> {
      const query = transaction.selectFrom('machine').select('id').where('agreement_key', '=', agreementKey);
      return (await query.executeTakeFirst()) !== undefined;
    },

    async saveInfo(machineId: string, info: MachineInfo): Promise<void> {
      await db
        .updateTable('machine')
        .set({ info: fields.seal(infoCell(machineId), JSON.stringify(info)) })
        .where('id', '=', machineId)
        .execute();
    },

    async revoke(machineId: string, revokedAt: number): Promise<void> {
      await db
        .updateTable('machine')
        .set({ revoked_at: revokedAt })
        .where('id', '=', machineId)
        .where('revoked_at', 'is', null)
        .execute();
    },
  };
}
