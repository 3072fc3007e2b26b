import type {
  FleetSummary,
  LatestValue,
  MachineDetail,
  MachineQuery,
  MachineRow,
  MachineStatus,
} from '@bulwark/protocol';
import { isMetricName, METRICS } from '@bulwark/protocol';
import type { MachineDirectory } from '../machines/directory.ts';
import type { Machine } from '../machines/store.ts';
import type { FleetState } from './fleet-state.ts';
import { type MachineState, overviewOf } from './machine-state.ts';

/** A machine is late after this many intervals, and gone after these. */
const WARNING_INTERVALS = 3;
const OFFLINE_INTERVALS = 6;

export function statusOf(machine: Machine, state: MachineState | undefined, now: number): MachineStatus {
  if (!state || machine.revokedAt !== null) return 'offline';
  const intervals = (now - state.lastSeenAt) / intervalOf(machine, state);
  return intervals < WARNING_INTERVALS ? 'online' : intervals < OFFLINE_INTERVALS ? 'warning' : 'offline';
}

/** ms between two reports: what the agent says it keeps, else what it was told. */
export function intervalOf(machine: Machine, state: MachineState | undefined): number {
  return state?.intervalMs || machine.intervalSeconds * 1000;
}

interface Deps {
  readonly directory: MachineDirectory;
  readonly fleet: FleetState;
  readonly now: () => number;
}

export type FleetOverview = ReturnType<typeof fleetOverview>;

type RowWithoutLine = Omit<MachineRow, 'sparkline'>;

/** The fleet as pages see it: machines and what they said last, joined. Read only. */
export function fleetOverview({ directory, fleet, now }: Deps) {
  function describe(machine: Machine): RowWithoutLine {
    const state = fleet.get(machine.id);
    return {
      id: machine.id,
      name: nameOf(machine),
      status: statusOf(machine, state, now()),
      os: machine.info ? `${machine.info.os.name} ${machine.info.os.version}`.trim() : '',
      ...(state ? overviewOf(state) : { cpu: null, memory: null, disk: null }),
      lastSeenAt: state?.lastSeenAt ?? null,
      enrolledAt: machine.enrolledAt,
      revokedAt: machine.revokedAt,
      intervalSeconds: intervalOf(machine, state) / 1000,
    };
  }

  async function withLine(row: RowWithoutLine): Promise<MachineRow> {
    const machine = directory.byId(row.id);
    if (machine) await fleet.completeCpu(machine);
    return { ...row, sparkline: fleet.get(row.id)?.cpu.list(now()) ?? [] };
  }

  return {
    summary(): FleetSummary {
      const counts = { online: 0, warning: 0, offline: 0 };
      const averages = { cpu: mean(), memory: mean(), disk: mean() };
      let machines = 0;
      for (const machine of directory.all()) {
        if (machine.revokedAt !== null) continue;
        const state = fleet.get(machine.id);
        const status = statusOf(machine, state, now());
        machines += 1;
        counts[status] += 1;
        if (!state || status !== 'online') continue;
        const values = overviewOf(state);
        averages.cpu.add(values.cpu);
        averages.memory.add(values.memory);
        averages.disk.add(values.disk);
      }
      return {
        machines,
        ...counts,
        averages: { cpu: averages.cpu.value(), memory: averages.memory.value(), disk: averages.disk.value() },
        serverTime: now(),
      };
    },

    async list({ search, status, sort, order, offset, limit }: MachineQuery): Promise<{
      total: number;
      items: MachineRow[];
    }> {
      const wanted = search?.toLocaleLowerCase();
      const rows = [...directory.all()].map(describe).filter((row) => {
        if (status && row.status !== status) return false;
        return !wanted || row.name.toLocaleLowerCase().includes(wanted);
      });
      const sign = order === 'asc' ? 1 : -1;
      rows.sort((a, b) => compare(a, b, sort, sign) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
      return { total: rows.length, items: await Promise.all(rows.slice(offset, offset + limit).map(withLine)) };
    },

    async rows(ids: readonly string[]): Promise<MachineRow[]> {
      const machines = ids.flatMap((id) => directory.byId(id) ?? []);
      return Promise.all(machines.map((machine) => withLine(describe(machine))));
    },

    detail(machineId: string): MachineDetail | undefined {
      const machine = directory.byId(machineId);
      if (!machine) return undefined;
      const state = fleet.get(machineId);
      return {
        ...describe(machine),
        info: machine.info ?? null,
        processes: state?.states.processes ?? null,
        users: state?.states.users ?? null,
        batteries: state?.states.batteries ?? null,
        latest: state ? latestValues(state) : [],
        serverTime: now(),
      };
    },
  };
}

export function latestValues({ dictionary, values }: MachineState): LatestValue[] {
  return dictionary.series.flatMap(({ metric, instance }, i) =>
    isMetricName(metric) ? { metric, instance, unit: METRICS[metric].unit, value: values[i] ?? null } : [],
  );
}

/** A machine whose name does not open is still shown, by its identifier. */
function nameOf(machine: Machine): string {
  return machine.name ?? `unreadable name (${machine.id.slice(0, 8)})`;
}

const STATUS_ORDER: Record<MachineStatus, number> = { offline: 0, warning: 1, online: 2 };

function compare(a: RowWithoutLine, b: RowWithoutLine, sort: MachineQuery['sort'], sign: number): number {
  if (sort === 'name') return sign * a.name.localeCompare(b.name, undefined, { numeric: true });
  if (sort === 'status') return sign * (STATUS_ORDER[a.status] - STATUS_ORDER[b.status]);
  const [left, right] = sort === 'lastSeen' ? [a.lastSeenAt, b.lastSeenAt] : [a[sort], b[sort]];
  // Machines without a value come last in either direction.
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return sign * (left - right);
}

function mean() {
  let sum = 0;
  let count = 0;
  return {
    add(value: number | null) {
      if (value === null) return;
      sum += value;
      count += 1;
    },
    value: () => (count === 0 ? null : Math.round((sum / count) * 10) / 10),
  };
}
