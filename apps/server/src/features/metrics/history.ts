import { createSecretKey, type KeyObject } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CryptoError } from '@bulwark/crypto';
import type { Vault } from '@bulwark/keyring';
import { type Batch, batchDictionaryHash, type Dictionary, decodeBatch, parseDictionary } from '@bulwark/telemetry';
import type { Database } from '../../db/schema.ts';
import { type MachineKeyId, machineKeyContext, openDictionary, openReport } from '../ingest/report-cipher.ts';
import type { Machine } from '../machines/store.ts';
import { sampleTime } from './sample-time.ts';

/** A report as it was stored, opened again. */
export interface HistoricReport {
  readonly receivedAt: number;
  /** Of its first point, ms, by the rule of `sampleTime`. */
  readonly time: number;
  readonly dictionary: Dictionary;
  readonly batch: Batch;
}

/** In place of a report that does not open. */
export const UNREADABLE = Symbol('unreadable');

export interface History {
  /** Reports received from a time on, oldest first. */
  read(
    machine: Machine,
    receivedFrom: number,
    options?: { withStates?: boolean },
  ): AsyncGenerator<HistoricReport | typeof UNREADABLE>;
  latest(machine: Machine): Promise<HistoricReport | typeof UNREADABLE | undefined>;
}

/** Rows between two turns of the event loop: a long range must not hold up the reports that come in meanwhile. */
const ROWS_PER_TURN = 500;
/** Keys and dictionaries kept open; a day of one machine needs one or two of each. */
const CACHED_MAX = 20_000;

/**
 * The reading side of the hot log: unlike ingest it holds the vault's private half.
 *
 * @param onUnreadable Told of each row that does not open; the rows around it are read all the same.
 */
export function createHistory(
  db: Database,
  vault: Vault,
  onUnreadable: (cell: { table: string; column: string; row: string }) => void,
): History {
  const keys = new Map<string, KeyObject>();
  const dictionaries = new Map<string, Dictionary>();

  async function machineKey(machine: Machine, id: MachineKeyId): Promise<KeyObject> {
    const name = `${id.machineId}:${id.keyNo}`;
    const cached = keys.get(name);
    if (cached) return cached;
    const row = await db
      .selectFrom('machine_key')
      .select('sealed_key')
      .where('machine_no', '=', machine.no)
      .where('key_no', '=', id.keyNo)
      .executeTakeFirst();
    if (!row) throw new CryptoError('ERR_OPEN_FAILED', 'the key of this report is gone');
    return cache(keys, name, createSecretKey(vault.open(row.sealed_key, machineKeyContext(id))));
  }

  async function dictionaryOf(machine: Machine, body: Buffer): Promise<Dictionary> {
    const hash = Buffer.from(batchDictionaryHash(body));
    const name = `${machine.id}:${hash.toString('hex')}`;
    const cached = dictionaries.get(name);
    if (cached) return cached;
    const row = await db
      .selectFrom('series_dictionary')
      .selectAll()
      .where('machine_no', '=', machine.no)
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (!row) throw new CryptoError('ERR_OPEN_FAILED', 'the series dictionary of this report is gone');
    const id = { tenantId: machine.tenantId, machineId: machine.id, keyNo: row.key_no };
    const bytes = openDictionary(id, await machineKey(machine, id), hash, row.counter, row.body);
    return cache(dictionaries, name, parseDictionary(bytes));
  }

  async function open(machine: Machine, row: Row, withStates: boolean): Promise<HistoricReport | typeof UNREADABLE> {
    const id = { tenantId: machine.tenantId, machineId: machine.id, keyNo: row.key_no };
    const cell = {
      machineNo: machine.no,
      receivedAt: row.received_at,
      bootNo: row.boot_no,
      sequence: row.sequence,
    };
    try {
      const body = openReport(id, await machineKey(machine, id), cell, row.counter, row.body);
      const dictionary = await dictionaryOf(machine, body);
      const batch = decodeBatch(dictionary, body, { withStates });
      return { receivedAt: row.received_at, time: sampleTime(batch.startMs, row.received_at), dictionary, batch };
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      onUnreadable({ table: 'hot_report', column: 'body', row: String(row.id) });
      return UNREADABLE;
    }
  }

  const rowsOf = (machine: Machine) => db.selectFrom('hot_report').selectAll().where('machine_no', '=', machine.no);

  return {
    async *read(machine, receivedFrom, { withStates = false } = {}) {
      let after = { receivedAt: receivedFrom, id: 0 };
      for (;;) {
        const rows = await rowsOf(machine)
          .where((eb) =>
            eb.or([
              eb('received_at', '>', after.receivedAt),
              eb.and([eb('received_at', '=', after.receivedAt), eb('id', '>', after.id)]),
            ]),
          )
          .where('received_at', '>=', after.receivedAt)
          .orderBy('received_at')
          .orderBy('id')
          .limit(ROWS_PER_TURN)
          .execute();
        for (const row of rows) yield await open(machine, row, withStates);
        const last = rows.at(-1);
        if (!last || rows.length < ROWS_PER_TURN) return;
        after = { receivedAt: last.received_at, id: last.id };
        await nextTurn();
      }
    },

    async latest(machine) {
      const row = await rowsOf(machine)
        .orderBy('received_at', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && open(machine, row, true);
    },
  };
}

interface Row {
  id: number;
  received_at: number;
  boot_no: number;
  sequence: number;
  key_no: number;
  counter: number;
  body: Buffer;
}

function cache<V>(map: Map<string, V>, name: string, value: V): V {
  // Emptying it whole costs a few reads of keys, once in a long while; counting uses would cost with each.
  if (map.size >= CACHED_MAX) map.clear();
  map.set(name, value);
  return value;
}
