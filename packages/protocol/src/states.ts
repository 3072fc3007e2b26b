import { z } from 'zod';

/** Short text from a machine: a name, a path, a model. Agents cut longer ones. */
const text = z.string().max(256);
const count = z.number().int().nonnegative();

/** Facts that rarely change; sent at start and when they differ. */
export const MachineInfo = z.strictObject({
  hostname: text,
  os: z.strictObject({ name: text, version: text, kernel: text, arch: text }),
  cpu: z.strictObject({ model: text, cores: count, threads: count }),
  memoryBytes: count,
  disks: z.array(z.strictObject({ mount: text, device: text, type: text, sizeBytes: count })).max(256),
  interfaces: z.array(z.strictObject({ name: text, mac: text, addresses: z.array(text).max(64) })).max(256),
  gpus: z.array(text).max(32),
  vendor: text,
  model: text,
  serial: text,
  /** '' on bare metal, else kvm, vmware, docker … */
  virtualization: text,
  timeZone: text,
  bootedAt: count, // ms since the epoch
  agentVersion: text,
});
export type MachineInfo = z.infer<typeof MachineInfo>;

const ProcessEntry = z.strictObject({
  pid: count,
  name: text,
  user: text,
  cpu: z.number().min(0).max(102_400), // percent of one core
  memoryBytes: count,
});
export type ProcessEntry = z.infer<typeof ProcessEntry>;

/** The five heaviest processes, by CPU and by resident memory; heaviest first. */
export const Processes = z.strictObject({
  topByCpu: z.array(ProcessEntry).max(5),
  topByMemory: z.array(ProcessEntry).max(5),
});
export type Processes = z.infer<typeof Processes>;

export const Users = z.array(z.strictObject({ name: text, terminal: text, host: text, since: count })).max(64);
export type Users = z.infer<typeof Users>;

export const Batteries = z
  .array(
    z.strictObject({
      name: text,
      percent: z.number().min(0).max(100),
      charging: z.boolean(),
      cycles: count.nullable(),
    }),
  )
  .max(8);
export type Batteries = z.infer<typeof Batteries>;

/** Documents that go along with the numbers of a batch. A batch carries those that changed. */
export const States = z.strictObject({
  machine: MachineInfo.optional(),
  processes: Processes.optional(),
  users: Users.optional(),
  batteries: Batteries.optional(),
});
export type States = z.infer<typeof States>;
