import type { Batch, Dictionary } from '@bulwark/telemetry';
import type { StoredReport } from '../ingest/service.ts';
import type { Machine } from '../machines/store.ts';
import { type History, UNREADABLE } from '../metrics/history.ts';
import { sampleTime } from '../metrics/sample-time.ts';
import { type MachineState, MinuteMeans, mergeStates, overviewColumnsOf } from './machine-state.ts';

const HOUR_MS = 3_600_000;

export type ReportListener = (machineId: string, state: MachineState) => void;

/** The latest word of each machine, in memory: what the table shows, and what is pushed to open pages. */
export interface FleetState {
  record(machine: Machine, report: StoredReport): void;
  get(machineId: string): MachineState | undefined;
  /** Reads back what a machine said last before the server started; nothing where it has spoken since. */
  restore(machine: Machine): Promise<void>;
  /** Reads back the hour before the server started, for the machines that somebody looks at. */
  completeCpu(machine: Machine): Promise<void>;
  /** @returns How to stop listening. */
  onReport(listener: ReportListener): () => void;
}

export function createFleetState(history: History, now: () => number): FleetState {
  const states = new Map<string, MachineState>();
  const listeners = new Set<ReportListener>();
  const completing = new Map<string, Promise<void>>();

  function stateOf(machineId: string, dictionary: Dictionary): MachineState {
    const known = states.get(machineId);
    if (known) return known;
    const state: MachineState = {
      lastSeenAt: 0,
      time: 0,
      intervalMs: 0,
      dictionary,
      values: [],
      states: {},
      cpu: new MinuteMeans(),
      isCpuComplete: false,
    };
    states.set(machineId, state);
    return state;
  }

  async function readCpuBack(machine: Machine, state: MachineState): Promise<void> {
    const means = new MinuteMeans();
    const until = now();
    for await (const report of history.read(machine, until - HOUR_MS)) {
      if (report !== UNREADABLE) addCpu(means, report.dictionary, report.batch, report.time);
    }
    // What came in while reading was read too, or comes with the next minute: the copy is the whole hour.
    states.set(machine.id, { ...state, cpu: means, isCpuComplete: true });
  }

  return {
    record(machine, { receivedAt, batch, dictionary }) {
      const state = stateOf(machine.id, dictionary);
      // Not receivedAt, which never goes back: a clock that was ahead once must not keep a silent machine online.
      state.lastSeenAt = now();
      const last = batch.points - 1;
      const start = sampleTime(batch.startMs, receivedAt);
      addCpu(state.cpu, dictionary, batch, start);
      const time = start + last * batch.stepMs;
      // A report that was kept back and comes late says nothing of the present.
      if (time < state.time) return;
      state.time = time;
      state.intervalMs = batch.stepMs;
      state.dictionary = dictionary;
      state.values = batch.columns.map((column) => column[last] ?? null);
      if (batch.states) state.states = mergeStates(state.states, batch.states);
      for (const listener of listeners) listener(machine.id, state);
    },

    get: (machineId) => states.get(machineId),

    async restore(machine) {
      if (states.has(machine.id)) return;
      const report = await history.latest(machine);
      if (!report || report === UNREADABLE || states.has(machine.id)) return;
      const state = stateOf(machine.id, report.dictionary);
      state.lastSeenAt = report.receivedAt;
      state.time = report.time;
      state.intervalMs = report.batch.stepMs;
      state.values = report.batch.columns.map((column) => column.at(-1) ?? null);
      // Written by this server after it was checked.
      state.states = mergeStates({}, report.batch.states ?? {});
    },

    completeCpu(machine) {
      const state = states.get(machine.id);
      if (!state || state.isCpuComplete) return Promise.resolve();
      const running = completing.get(machine.id);
      if (running !== undefined) return running;
      const reading = readCpuBack(machine, state).finally(() => completing.delete(machine.id));
      completing.set(machine.id, reading);
      return reading;
    },

    onReport(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function addCpu(means: MinuteMeans, dictionary: Dictionary, batch: Batch, start: number): void {
  const column = batch.columns[overviewColumnsOf(dictionary).cpu] ?? [];
  for (let point = 0; point < column.length; point++) {
    const value = column[point];
    if (value !== null && value !== undefined) means.add(start + point * batch.stepMs, value);
  }
}
