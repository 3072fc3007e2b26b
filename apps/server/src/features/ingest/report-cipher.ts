import { CounterSealer, openCounter, pae, type SymmetricKey } from '@bulwark/crypto';

/** Where a sealed body stands: all of it is bound, so that a body moved to another row or column does not open. */
export interface ReportCell {
  readonly machineNo: number;
  readonly receivedAt: number;
  readonly bootNo: number;
  readonly sequence: number;
}

/**
 * Seals what one machine reports, from the start of the server on, under a key of its own.
 *
 * The key lives in this process alone and is stored only sealed to the vault, so a counter serves as nonce: it cannot
 * come back with the same key.
 */
export interface MachineSealer {
  readonly keyNo: number;
  sealReport(cell: ReportCell, batch: Uint8Array): { counter: number; body: Buffer };
  sealDictionary(hash: Uint8Array, dictionary: Uint8Array): { counter: number; body: Buffer };
}

export interface MachineKeyId {
  readonly tenantId: string;
  readonly machineId: string;
  readonly keyNo: number;
}

const NONCE_PREFIX = Buffer.alloc(4);

export function createMachineSealer(id: MachineKeyId, key: SymmetricKey): MachineSealer {
  const sealer = new CounterSealer(key, NONCE_PREFIX);
  const reportContext = contextOfReports(id);
  return {
    keyNo: id.keyNo,
    sealReport(cell, batch) {
      const { counter, sealed } = sealer.seal(batch, withCell(reportContext, cell));
      return { counter, body: sealed };
    },
    sealDictionary(hash, dictionary) {
      const { counter, sealed } = sealer.seal(dictionary, contextOfDictionary(id, hash));
      return { counter, body: sealed };
    },
  };
}

/** @throws CryptoError: altered, moved, or of another key */
export function openReport(
  id: MachineKeyId,
  key: SymmetricKey,
  cell: ReportCell,
  counter: number,
  body: Uint8Array,
): Buffer {
  return openCounter(key, NONCE_PREFIX, counter, body, withCell(contextOfReports(id), cell));
}

/** @throws CryptoError: altered, moved, or of another key */
export function openDictionary(
  id: MachineKeyId,
  key: SymmetricKey,
  hash: Uint8Array,
  counter: number,
  body: Uint8Array,
): Buffer {
  return openCounter(key, NONCE_PREFIX, counter, body, contextOfDictionary(id, hash));
}

/** What the sealing of a machine key to the vault binds. */
export function machineKeyContext({ tenantId, machineId, keyNo }: MachineKeyId): Buffer {
  return pae('bw1/machine_key', tenantId, 'machine_key', 'sealed_key', machineId, String(keyNo));
}

function contextOfReports({ tenantId, machineId, keyNo }: MachineKeyId): Buffer {
  return pae('bw1/hot', tenantId, 'hot_report', 'body', machineId, String(keyNo));
}

function contextOfDictionary({ tenantId, machineId, keyNo }: MachineKeyId, hash: Uint8Array): Buffer {
  return pae('bw1/hot', tenantId, 'series_dictionary', 'body', machineId, String(keyNo), hash);
}

/** The context, which is of one machine and key, and behind it the numbers of the row: four doubles, always 32 bytes. */
function withCell(context: Buffer, { machineNo, receivedAt, bootNo, sequence }: ReportCell): Buffer {
  const bound = Buffer.allocUnsafe(context.length + 32);
  context.copy(bound);
  let at = bound.writeDoubleBE(machineNo, context.length);
  at = bound.writeDoubleBE(receivedAt, at);
  at = bound.writeDoubleBE(bootNo, at);
  bound.writeDoubleBE(sequence, at);
  return bound;
}
