import { agree, generateKey } from '@bulwark/crypto';
import type { Vault } from '@bulwark/keyring';
import { type Dictionary, deriveFrameKey, type FrameHeader, type FrameKey, ReplayWindow } from '@bulwark/telemetry';
import type { Machine } from '../machines/store.ts';
import type { MachineBootRow, MachineKeyRow } from './hot-log.ts';
import { createMachineSealer, type MachineSealer, machineKeyContext } from './report-cipher.ts';
import type { IngestStore } from './store.ts';

/** One start of an agent: its frame key and the numbers it has used. */
export interface BootSession {
  /** 0 until the first frame has proved genuine: a made-up boot id costs no number and no memory. */
  bootNo: number;
  /** Whether the machine's session remembers it. */
  isAdmitted: boolean;
  readonly frameKey: FrameKey;
  readonly window: ReplayWindow;
  /** Goes along with each report of the boot until one of them is durable. */
  unwritten: MachineBootRow | undefined;
}

/** What ingest keeps in memory of a machine from its first frame on. */
export interface MachineSession {
  readonly sealer: MachineSealer;
  /** Goes along with each report under the key until one of them is durable: no report without its key. */
  unwrittenKey: MachineKeyRow | undefined;
  /** By `nameOf` their hash. Filled by the agent, never from the database: ingest cannot read what it stored. */
  readonly dictionaries: Map<string, Dictionary>;
  /** By `nameOf` their id. */
  readonly boots: Map<string, BootSession>;
  lastReceivedAt: number;
  lastBootNo: number;
}

/** A machine keeps this many dictionaries and boots in memory; its agent sends a forgotten one again. */
const REMEMBERED_MAX = 32;

export interface SessionKeys {
  readonly store: IngestStore;
  readonly vault: Vault;
  /** The server's ingest key, X25519, 32 bytes. */
  readonly ingestKey: Uint8Array;
}

/** At the first frame of a machine since the server's start: makes the key that its reports will be sealed under. */
export async function openMachineSession(keys: SessionKeys, machine: Machine, now: number): Promise<MachineSession> {
  const history = await keys.store.history(machine.no);
  const keyNo = history.lastKeyNo + 1;
  const id = { tenantId: machine.tenantId, machineId: machine.id, keyNo };
  const key = generateKey();
  const sealedKey = keys.vault.seal(key, machineKeyContext(id));
  return {
    sealer: createMachineSealer(id, key),
    unwrittenKey: { machineNo: machine.no, keyNo, createdAt: now, sealedKey },
    dictionaries: new Map(),
    boots: new Map(),
    lastReceivedAt: history.lastReceivedAt,
    lastBootNo: history.lastBootNo,
  };
}

/** At the first frame of a boot: agrees the frame key and learns which numbers of the boot are taken. */
export async function openBootSession(
  { store, ingestKey }: SessionKeys,
  machine: Machine,
  header: FrameHeader,
): Promise<BootSession> {
  const knownNo = await store.findBootNo(machine.no, Buffer.from(header.bootId));
  const window = new ReplayWindow();
  if (knownNo !== undefined) {
    const taken = await store.recentSequences(machine.no, knownNo);
    // Ascending, so that none of them is stale while it is taken.
    for (const sequence of taken.toSorted((a, b) => a - b)) window.take(sequence);
  }
  const shared = agree(ingestKey, machine.agreementKey);
  return {
    bootNo: knownNo ?? 0,
    isAdmitted: false,
    frameKey: deriveFrameKey(shared, header, 'agent-to-server'),
    window,
    unwritten: undefined,
  };
}

/** Once a frame of a new boot has opened: numbers the boot and remembers it. */
export function admitBoot(
  session: MachineSession,
  machineNo: number,
  boot: BootSession,
  bootId: Uint8Array,
  now: number,
): void {
  const id = Buffer.from(bootId);
  if (boot.bootNo === 0) {
    boot.bootNo = ++session.lastBootNo;
    boot.unwritten = { machineNo, bootNo: boot.bootNo, bootId: id, firstSeenAt: now };
  }
  boot.isAdmitted = true;
  remember(session.boots, nameOf(id), boot);
}

/** An id or a hash as a key of a map. Latin-1 is a byte a character: the cheapest text there is. */
export function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Adds to a memory of bounded size; what was put in first leaves first. */
export function remember<V>(map: Map<string, V>, key: string, value: V, max = REMEMBERED_MAX): void {
  map.set(key, value);
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
