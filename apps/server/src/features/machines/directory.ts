import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { MachineInfo } from '@bulwark/protocol';
import type { Machine, MachineStore } from './store.ts';

/**
 * All machines, in memory: each report needs its machine by token, and a table of 10,000 needs its names to sort by.
 * What changes a machine goes through here, so that the next request sees it.
 */
export interface MachineDirectory {
  all(): Iterable<Machine>;
  byId(machineId: string): Machine | undefined;
  /** @param token As the agent sent it. Looked up by hash, so that the time taken tells nothing of the token. */
  byToken(token: string): Machine | undefined;
  add(machine: Machine): void;
  /** Keeps what a machine says of itself; writes only what is new. */
  saveInfo(machineId: string, info: MachineInfo): Promise<void>;
  /** From now on the agent is refused; its history stays. */
  revoke(machineId: string, at: number): Promise<void>;
}

export async function loadDirectory(store: MachineStore): Promise<MachineDirectory> {
  const byId = new Map<string, Machine>();
  const idByTokenHash = new Map<string, string>();
  const put = (machine: Machine) => {
    byId.set(machine.id, machine);
    idByTokenHash.set(machine.tokenHash.toString('hex'), machine.id);
  };
  for (const machine of await store.list()) put(machine);

  return {
    all: () => byId.values(),
    byId: (machineId) => byId.get(machineId),
    byToken(token) {
      const id = idByTokenHash.get(hash('sha256', token, 'hex'));
      return id === undefined ? undefined : byId.get(id);
    },
    add: put,
    async saveInfo(machineId, info) {
      const machine = byId.get(machineId);
      if (!machine || isDeepStrictEqual(machine.info, info)) return;
      await store.saveInfo(machineId, info);
      // Read again: it may have been revoked while this was written.
      put({ ...(byId.get(machineId) ?? machine), info });
    },
    async revoke(machineId, at) {
      const machine = byId.get(machineId);
      if (!machine || machine.revokedAt !== null) return;
      // Memory first: the agent is out even where the write fails and has to be tried again.
      put({ ...machine, revokedAt: at });
      await store.revoke(machineId, at);
    },
  };
}
