import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MachineQuery } from '@bulwark/protocol';
import { createDictionary } from '@bulwark/telemetry';
import type { MachineDirectory } from '../machines/directory.ts';
import type { Machine } from '../machines/store.ts';
import type { FleetState } from './fleet-state.ts';
import { type MachineState, MinuteMeans } from './machine-state.ts';
import { fleetOverview, statusOf } from './overview.ts';

const NOW = 1_795_000_000_000;
const INTERVAL_MS = 10_000;
const dictionary = createDictionary([
  { metric: 'cpu.total', instance: '', scale: 10 },
  { metric: 'memory.percent', instance: '', scale: 10 },
  { metric: 'disk.percent', instance: '/', scale: 10 },
  { metric: 'disk.percent', instance: '/srv', scale: 10 },
]);

function machine(no: number, name: string | undefined = `web-${no}`, revokedAt: number | null = null): Machine {
  const key = Buffer.alloc(32);
  const id = `00000000-0000-4000-8000-${String(no).padStart(12, '0')}`;
  return {
    ...{
      id,
      idBytes: Buffer.alloc(16),
      no,
      name,
      revokedAt,
      tenantId: 't',
      info: undefined,
      agreementKey: key,
      signingKey: key,
      keyEpoch: 1,
    },
    ...{ tokenHash: key, intervalSeconds: INTERVAL_MS / 1000, enrolledAt: 0 },
  };
}

function state(silentMs: number, values: (number | null)[] = [10, 20, 30, 40]): MachineState {
  return {
    ...{ lastSeenAt: NOW - silentMs, time: NOW - silentMs, intervalMs: INTERVAL_MS, dictionary, values, states: {} },
    ...{ cpu: new MinuteMeans(), isCpuComplete: true },
  };
}

/** The overview of machines with the states they are in. */
function overviewOf(fleet: [Machine, MachineState?][]) {
  const byId = new Map(fleet.map(([m, s]) => [m.id, { machine: m, state: s }]));
  return fleetOverview({
    directory: {
      all: () => fleet.map(([m]) => m),
      byId: (id) => byId.get(id)?.machine,
    } as Partial<MachineDirectory> as MachineDirectory,
    fleet: { get: (id) => byId.get(id)?.state, completeCpu: async () => {} } as Partial<FleetState> as FleetState,
    now: () => NOW,
  });
}

describe('a machine is', () => {
  const cases = [
    { silent: 0, status: 'online' },
    { silent: 3 * INTERVAL_MS - 1, status: 'online' },
    { silent: 3 * INTERVAL_MS, status: 'warning' },
    { silent: 6 * INTERVAL_MS - 1, status: 'warning' },
    { silent: 6 * INTERVAL_MS, status: 'offline' },
  ];
  for (const { silent, status } of cases) {
    test(`${status} after ${silent} ms of silence at an interval of 10 s`, () => {
      assert.equal(statusOf(machine(1), state(silent), NOW), status);
    });
  }
  test('offline before its first report', () => assert.equal(statusOf(machine(1), undefined, NOW), 'offline'));
  test('offline once revoked', () => assert.equal(statusOf(machine(1, 'x', NOW), state(0), NOW), 'offline'));
  test('judged by the interval that its agent keeps', () => {
    assert.equal(statusOf(machine(1), { ...state(170_000), intervalMs: 60_000 }, NOW), 'online');
  });
});

describe('the summary', () => {
  test('counts by status, and averages those that are online', () => {
    const { summary } = overviewOf([
      [machine(1), state(0, [10, 20, 30, 40])],
      [machine(2), state(0, [30, null, 50, 10])],
      [machine(3), state(40_000, [99, 99, 99, 99])],
      [machine(4)],
      [machine(5, 'gone', NOW), state(0)],
    ]);
    assert.deepEqual(summary(), {
      ...{ machines: 4, online: 2, warning: 1, offline: 1, serverTime: NOW },
      // The disk of a machine is its fullest file system.
      averages: { cpu: 20, memory: 20, disk: 45 },
    });
  });

  test('of an empty fleet has no averages', () => {
    assert.deepEqual(overviewOf([]).summary().averages, { cpu: null, memory: null, disk: null });
  });
});

describe('the table', () => {
  const overview = overviewOf([
    [machine(1, 'web-10'), state(0, [50, 1, 1, 1])],
    [machine(2, 'web-9'), state(40_000, [70, 1, 1, 1])],
    [machine(3, 'DB-1')],
    [machine(4, 'cache-1'), state(0, [10, 1, 1, 1])],
  ]);
  const names = async (query: Partial<Record<keyof MachineQuery, unknown>>) =>
    (await overview.list(MachineQuery.parse(query))).items.map(({ name }) => name);

  const cases: { name: string; query: Partial<Record<keyof MachineQuery, unknown>>; expected: string[] }[] = [
    { name: 'sorts names as people count', query: {}, expected: ['cache-1', 'DB-1', 'web-9', 'web-10'] },
    { name: 'sorts downwards', query: { order: 'desc' }, expected: ['web-10', 'web-9', 'DB-1', 'cache-1'] },
    {
      name: 'puts machines without a value last',
      query: { sort: 'cpu' },
      expected: ['cache-1', 'web-10', 'web-9', 'DB-1'],
    },
    {
      name: 'puts them last downwards too',
      query: { sort: 'cpu', order: 'desc' },
      expected: ['web-9', 'web-10', 'cache-1', 'DB-1'],
    },
    { name: 'searches whatever the case', query: { search: 'db' }, expected: ['DB-1'] },
    { name: 'filters by status', query: { status: 'online' }, expected: ['cache-1', 'web-10'] },
    { name: 'gives a page', query: { offset: '1', limit: '2' }, expected: ['DB-1', 'web-9'] },
    { name: 'gives nothing past the end', query: { offset: '100' }, expected: [] },
  ];
  for (const { name, query, expected } of cases) {
    test(name, async () => assert.deepEqual(await names(query), expected));
  }

  test('shows a machine whose name does not open', async () => {
    const { list } = overviewOf([[{ ...machine(7), name: undefined }]]);
    assert.match((await list(MachineQuery.parse({}))).items[0]?.name ?? '', /^unreadable name/);
  });
});

describe('minute means', () => {
  const minute = Math.floor(NOW / 60_000) * 60_000;
  test('are of each minute, with nothing where nothing was reported', () => {
    const means = new MinuteMeans();
    for (const [time, value] of [
      [minute - 120_000, 10],
      [minute - 119_000, 30],
      [minute, 50],
    ] as const) {
      means.add(time, value);
    }
    assert.deepEqual(means.list(minute).slice(-4), [null, 20, null, 50]);
    assert.equal(means.list(minute).length, 60);
  });

  test('forget what is over an hour old', () => {
    const means = new MinuteMeans();
    means.add(minute - 3_600_000, 99);
    assert.ok(means.list(minute).every((value) => value === null));
  });
});
