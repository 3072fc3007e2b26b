import type {
  EnrolmentState,
  FleetSummary,
  MachineDetail,
  MachineList,
  MachineQuery,
  MetricName,
  MetricsResult,
  Protection,
} from '@bulwark/protocol';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Client } from './client.ts';

const REFRESH_MS = 15_000;
const SESSION_REFRESH_MS = 5 * 60_000;
const ENROLMENT_POLL_MS = 2000;
// The server's bounds (protocol's MetricsQuery), and no more points than a chart has pixels.
const POINTS_MIN = 10;
const POINTS_MAX = 720;

/** How many rows one request of the fleet table brings. */
export const MACHINE_PAGE = 100;

/** What the fleet table shows; all of it is in the address. */
export type MachineFilter = Pick<MachineQuery, 'search' | 'status' | 'sort' | 'order'>;

/** The signed-in user; null when there is none. Asked again now and then, so that an ended session shows by itself. */
export function sessionQuery(client: Client) {
  return queryOptions({
    queryKey: ['session'],
    queryFn: async ({ signal }) => (await client.readSession(signal)) ?? null,
    staleTime: SESSION_REFRESH_MS,
    gcTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether the first administrator is still to be made. */
export function setupQuery(client: Client) {
  return queryOptions({
    queryKey: ['setup'],
    queryFn: ({ signal }) => client.get<{ needed: boolean }>('/api/setup', signal),
  });
}

/** Totals and averages; the stream of the fleet page brings newer ones. */
export function fleetQuery(client: Client) {
  return queryOptions({
    queryKey: ['fleet'],
    queryFn: ({ signal }) => client.get<FleetSummary>('/api/fleet', signal),
    refetchInterval: REFRESH_MS,
  });
}

/** One page of the table. Asked again every 15 s because a change of a value can change the order. */
export function machinesQuery(client: Client, filter: MachineFilter, page: number) {
  const query = new URLSearchParams({
    sort: filter.sort,
    order: filter.order,
    offset: String(page * MACHINE_PAGE),
    limit: String(MACHINE_PAGE),
  });
  if (filter.search) query.set('search', filter.search);
  if (filter.status) query.set('status', filter.status);
  return queryOptions({
    queryKey: ['machines', filter, page],
    queryFn: ({ signal }) => client.get<MachineList>(`/api/machines?${query}`, signal),
    refetchInterval: REFRESH_MS,
    // While another filter loads the old rows stay; while scrolling, another page's rows would be wrong ones.
    placeholderData: (rows, query) => (query?.queryKey[2] === page ? rows : undefined),
  });
}

/** Facts, latest values and documents of one machine. */
export function machineQuery(client: Client, machineId: string) {
  return queryOptions({
    queryKey: ['machine', machineId],
    queryFn: ({ signal }) => client.get<MachineDetail>(machinePath(machineId), signal),
    refetchInterval: REFRESH_MS,
  });
}

interface MetricsWindow {
  metrics: readonly MetricName[];
  intervalSeconds: number;
  /** A length of time that ends now, ms, or a stretch of the past. */
  window: number | { from: number; to: number };
  /** How far the server's clock, which stamps the reports, is ahead of this machine's. */
  clockOffsetMs: number;
}

/** Several metrics over time. The stream extends a window that ends now; asking again settles its means. */
export function metricsQuery(
  client: Client,
  machineId: string,
  { metrics, intervalSeconds, window, clockOffsetMs }: MetricsWindow,
) {
  const lengthMs = typeof window === 'number' ? window : window.to - window.from;
  // A step shorter than the interval would leave every other one empty.
  const points = Math.min(POINTS_MAX, Math.max(POINTS_MIN, Math.floor(lengthMs / (intervalSeconds * 1000))));
  return queryOptions({
    queryKey: ['metrics', machineId, window, points],
    queryFn: ({ signal }) => {
      const now = Date.now() + Math.round(clockOffsetMs);
      const { from, to } = typeof window === 'number' ? { from: now - window, to: now } : window;
      const query = new URLSearchParams({
        metrics: metrics.join(','),
        from: String(from),
        to: String(to),
        points: String(points),
      });
      return client.get<MetricsResult>(`${machinePath(machineId)}/metrics?${query}`, signal);
    },
    refetchInterval: typeof window === 'number' ? Math.max(60_000, lengthMs / 240) : false,
    placeholderData: keepPreviousData,
  });
}

/** Asked every two seconds until the token is used or too old. */
export function enrolmentQuery(client: Client, enrolmentId: string) {
  return queryOptions({
    queryKey: ['enrolment', enrolmentId],
    queryFn: ({ signal }) =>
      client.get<EnrolmentState>(`/api/enrolment-tokens/${encodeURIComponent(enrolmentId)}`, signal),
    refetchInterval: (query) => ((query.state.data?.state ?? 'waiting') === 'waiting' ? ENROLMENT_POLL_MS : false),
  });
}

/** The five layers of protection and their state. */
export function protectionQuery(client: Client) {
  return queryOptions({
    queryKey: ['protection'],
    queryFn: ({ signal }) => client.get<Protection>('/api/protection', signal),
    refetchInterval: 60_000,
  });
}

function machinePath(machineId: string): string {
  return `/api/machines/${encodeURIComponent(machineId)}`;
}
