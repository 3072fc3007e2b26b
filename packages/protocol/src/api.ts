import { z } from 'zod';
import { INSTANCE_LENGTH_MAX, METRICS, type MetricName, UNITS } from './metrics.ts';
import { Batteries, MachineInfo, Processes, Users } from './states.ts';

const metricNames = Object.keys(METRICS) as [MetricName, ...MetricName[]];
const ms = z.number().int().nonnegative();
const percent = z.number().nullable();

/** Every answer that is not a success. `code` is API; `message` is for people. */
export const ApiError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
export type ApiError = z.infer<typeof ApiError>;

// --- accounts -------------------------------------------------------------------------------------------------

export const Username = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._@+-]+$/u, 'letters, digits and . _ @ + - only');
/** Length only, at the door; the server also refuses well-known ones (NIST SP 800-63B, 3.1.1.2). */
export const NewPassword = z.string().min(12).max(128);

export const SetupState = z.object({ needed: z.boolean() });
export const SetupRequest = z.strictObject({
  token: z.string().min(1).max(128),
  username: Username,
  password: NewPassword,
});
export type SetupRequest = z.infer<typeof SetupRequest>;
export const SignInRequest = z.strictObject({
  username: z.string().min(1).max(128),
  password: z.string().min(1).max(128),
});
export type SignInRequest = z.infer<typeof SignInRequest>;

export const ROLES = ['administrator', 'viewer'] as const;
export const Session = z.object({
  user: z.object({ id: z.string(), username: z.string(), role: z.enum(ROLES) }),
  /** Goes back in the X-Bulwark-CSRF header of every request that changes something. */
  csrfToken: z.string(),
  expiresAt: ms,
});
export type Session = z.infer<typeof Session>;

// --- fleet ----------------------------------------------------------------------------------------------------

/** online: heard of within 3 intervals; warning: within 6; offline: longer ago or never. */
export const MACHINE_STATUSES = ['online', 'warning', 'offline'] as const;
export const MachineStatus = z.enum(MACHINE_STATUSES);
export type MachineStatus = z.infer<typeof MachineStatus>;

export const FleetSummary = z.object({
  machines: z.number(),
  online: z.number(),
  warning: z.number(),
  offline: z.number(),
  /** Means over the machines that are online; null where there is none. */
  averages: z.object({ cpu: percent, memory: percent, disk: percent }),
  serverTime: ms,
});
export type FleetSummary = z.infer<typeof FleetSummary>;

export const MachineRow = z.object({
  id: z.string(),
  name: z.string(),
  status: MachineStatus,
  os: z.string(),
  /** Latest values, percent; disk is the fullest file system. null until the first report. */
  cpu: percent,
  memory: percent,
  disk: percent,
  lastSeenAt: ms.nullable(),
  enrolledAt: ms,
  revokedAt: ms.nullable(),
  intervalSeconds: z.number(),
  /** CPU percent, one mean a minute, oldest first, the last hour; null where nothing was reported. */
  sparkline: z.array(percent),
});
export type MachineRow = z.infer<typeof MachineRow>;

export const MACHINE_SORTS = ['name', 'status', 'cpu', 'memory', 'disk', 'lastSeen'] as const;
export const MachineQuery = z.strictObject({
  search: z.string().max(128).optional(),
  status: MachineStatus.optional(),
  sort: z.enum(MACHINE_SORTS).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type MachineQuery = z.infer<typeof MachineQuery>;
export const MachineList = z.object({ total: z.number(), items: z.array(MachineRow), serverTime: ms });
export type MachineList = z.infer<typeof MachineList>;

// --- one machine ----------------------------------------------------------------------------------------------

export const MachineId = z.strictObject({ machineId: z.uuid() });

export const LatestValue = z.object({
  metric: z.enum(metricNames),
  instance: z.string(),
  unit: z.enum(UNITS),
  value: z.number().nullable(),
});
export type LatestValue = z.infer<typeof LatestValue>;

export const MachineDetail = MachineRow.omit({ sparkline: true }).extend({
  info: MachineInfo.nullable(),
  processes: Processes.nullable(),
  users: Users.nullable(),
  batteries: Batteries.nullable(),
  latest: z.array(LatestValue),
  serverTime: ms,
});
export type MachineDetail = z.infer<typeof MachineDetail>;

/** `metrics` is a list with commas; every instance of each comes. Times are ms since the epoch. */
export const MetricsQuery = z.strictObject({
  metrics: z
    .string()
    .max(1024)
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(metricNames)).min(1).max(32)),
  from: z.coerce.number().int().nonnegative(),
  to: z.coerce.number().int().nonnegative(),
  /** Most points wanted; the server takes the mean over each step. */
  points: z.coerce.number().int().min(10).max(2000).default(600),
});
export type MetricsQuery = z.infer<typeof MetricsQuery>;

export const MetricsSeries = z.object({
  metric: z.enum(metricNames),
  instance: z.string().max(INSTANCE_LENGTH_MAX),
  unit: z.enum(UNITS),
  values: z.array(z.number().nullable()),
});
export const MetricsResult = z.object({
  from: ms,
  to: ms,
  stepMs: z.number(),
  /** Start of each step, ms; a step without any report is there with nulls, so that a gap is drawn as a gap. */
  times: z.array(ms),
  series: z.array(MetricsSeries),
  /** Reports within the range that do not open: altered, moved, or their key is gone. They show as a gap. */
  unreadable: z.number(),
});
export type MetricsResult = z.infer<typeof MetricsResult>;

/** Server-sent event `sample` of /api/machines/:machineId/events: one report, as it came in. */
export const SampleEvent = z.object({
  time: ms,
  status: MachineStatus,
  values: z.array(LatestValue),
  processes: Processes.nullable(),
});
export type SampleEvent = z.infer<typeof SampleEvent>;

/** Query of /api/fleet/events: which rows of the table to send when they change. Event `fleet` is a FleetEvent. */
export const FleetEventsQuery = z.strictObject({
  ids: z
    .string()
    .max(8000)
    .default('')
    .transform((list) => (list === '' ? [] : list.split(',')))
    .pipe(z.array(z.uuid()).max(200)),
});
export const FleetEvent = z.object({ summary: FleetSummary, rows: z.array(MachineRow) });
export type FleetEvent = z.infer<typeof FleetEvent>;

// --- enrolment ------------------------------------------------------------------------------------------------

export const EnrolmentTokenRequest = z.strictObject({ ttlHours: z.number().int().min(1).max(24).default(24) });
/** The token is shown this once; the server keeps only its hash. */
export const EnrolmentToken = z.object({ id: z.string(), token: z.string(), command: z.string(), expiresAt: ms });
export type EnrolmentToken = z.infer<typeof EnrolmentToken>;
/** Lets the dialog that shows a token turn into "connected" by itself. */
export const EnrolmentState = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'used', 'expired']),
  machineId: z.string().nullable(),
});
export type EnrolmentState = z.infer<typeof EnrolmentState>;
export const EnrolmentId = z.strictObject({ enrolmentId: z.uuid() });

// --- protection -----------------------------------------------------------------------------------------------

export const ProtectionLayer = z.object({
  id: z.enum(['files', 'transport', 'payload', 'database', 'access']),
  name: z.string(),
  state: z.enum(['on', 'weak', 'off']),
  detail: z.string(),
});
export type ProtectionLayer = z.infer<typeof ProtectionLayer>;
export const Protection = z.object({ layers: z.array(ProtectionLayer) });
export type Protection = z.infer<typeof Protection>;
