import type { States } from '@bulwark/protocol';
import type { Dictionary } from '@bulwark/telemetry';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** Means of the last hour, a minute each: what the table draws beside a machine's name. */
export class MinuteMeans {
  readonly #minute = new Float64Array(MINUTES);
  readonly #sum = new Float64Array(MINUTES);
  readonly #count = new Uint32Array(MINUTES);

  add(time: number, value: number): void {
    const minute = Math.floor(time / MINUTE_MS);
    const slot = minute % MINUTES;
    if (minute < (this.#minute[slot] ?? 0)) return;
    if (minute > (this.#minute[slot] ?? 0)) {
      this.#minute[slot] = minute;
      this.#sum[slot] = 0;
      this.#count[slot] = 0;
    }
    this.#sum[slot] = (this.#sum[slot] ?? 0) + value;
    this.#count[slot] = (this.#count[slot] ?? 0) + 1;
  }

  /** Oldest first, the running minute last; null where nothing was reported. */
  list(now: number): (number | null)[] {
    const last = Math.floor(now / MINUTE_MS);
    return Array.from({ length: MINUTES }, (_, i) => {
      const minute = last - MINUTES + 1 + i;
      const slot = minute % MINUTES;
      const count = this.#count[slot] ?? 0;
      if (this.#minute[slot] !== minute || count === 0) return null;
      return Math.round(((this.#sum[slot] ?? 0) / count) * 10) / 10;
    });
  }
}

/** What a machine said last. */
export interface MachineState {
  lastSeenAt: number;
  /** When the values were taken, ms. */
  time: number;
  /** How often its agent reports, by its own word. */
  intervalMs: number;
  dictionary: Dictionary;
  /** In the dictionary's order. */
  values: readonly (number | null)[];
  /** The latest of each kind. */
  states: States;
  readonly cpu: MinuteMeans;
  /** False until the hour before the server's start was read back. */
  isCpuComplete: boolean;
}

/** The latest of each state: a report carries those that changed. */
export function mergeStates(before: States, now: States): States {
  const { machine: _, ...rest } = now;
  return { ...before, ...rest };
}

interface OverviewColumns {
  readonly cpu: number;
  readonly memory: number;
  readonly disks: readonly number[];
}

const overviewColumns = new WeakMap<Dictionary, OverviewColumns>();

/** Where the table's values are in a dictionary; -1 for what it does not have. */
export function overviewColumnsOf(dictionary: Dictionary): OverviewColumns {
  const known = overviewColumns.get(dictionary);
  if (known) return known;
  const column = (metric: string) => dictionary.series.findIndex((series) => series.metric === metric);
  const columns = {
    cpu: column('cpu.total'),
    memory: column('memory.percent'),
    disks: dictionary.series.flatMap(({ metric }, i) => (metric === 'disk.percent' ? [i] : [])),
  };
  overviewColumns.set(dictionary, columns);
  return columns;
}

/** The three percentages of the table; the disk is the fullest one. */
export function overviewOf({ dictionary, values }: Pick<MachineState, 'dictionary' | 'values'>): {
  cpu: number | null;
  memory: number | null;
  disk: number | null;
} {
  const columns = overviewColumnsOf(dictionary);
  const disks = columns.disks.flatMap((i) => values[i] ?? []);
  return {
    cpu: values[columns.cpu] ?? null,
    memory: values[columns.memory] ?? null,
    disk: disks.length > 0 ? Math.max(...disks) : null,
  };
}
