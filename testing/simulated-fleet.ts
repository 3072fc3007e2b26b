import { hash, randomUUID } from 'node:crypto';
import { agree, agreementPublicKey, generateAgreementKeyPair, generateKey, randomBytes } from '@bulwark/crypto';
import { localRoot, openKeys, tenantKeyring } from '@bulwark/keyring';
import { sqlStore } from '@bulwark/keyring/sql';
import { METRICS, type MetricName, uuidBytes } from '@bulwark/protocol';
import {
  createDictionary,
  createFrameSealer,
  type Dictionary,
  encodeBatch,
  type FrameSealer,
} from '@bulwark/telemetry';
import type { Database } from '../apps/server/src/db/schema.ts';
import { ensureTenant } from '../apps/server/src/db/tenants.ts';
import { createApiToken } from '../apps/server/src/features/enrolment/api-token.ts';
import { machineStore } from '../apps/server/src/features/machines/store.ts';
import { deriveIngestKey } from '../apps/server/src/ingest-key.ts';

/** What a simulated agent needs to know; goes from one process of the bench to the other as JSON. */
export interface SimulatedAgent {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  /** base64: the secret that its frames are sealed under. */
  readonly shared: string;
}

interface SeedOptions {
  readonly db: Database;
  readonly keys: { readonly dbEncryptionKey: Buffer; readonly encryptionKey: Buffer };
  readonly machines: number;
  readonly intervalSeconds: number;
}

/** Enrols machines without the network: the rows are what enrolment writes, the keys are real. */
export async function enrolFleet({ db, keys, machines, intervalSeconds }: SeedOptions): Promise<SimulatedAgent[]> {
  const now = Date.now;
  const tenantId = await ensureTenant(db, now);
  const opened = openKeys({ store: sqlStore(db), roots: [localRoot(keys.dbEncryptionKey)], now });
  const keyring = tenantKeyring(opened);
  const ingestKey = deriveIngestKey(keys.encryptionKey, await keyring.ingestSecret(tenantId));
  const store = machineStore(db, await keyring.fields(tenantId), () => {});
  const serverKey = agreementPublicKey(ingestKey);

  const enrolled = await db.transaction().execute(async (tx) => {
    const agents: SimulatedAgent[] = [];
    for (let i = 0; i < machines; i++) {
      const agreement = generateAgreementKeyPair();
      const token = createApiToken();
      const name = nameOf(i);
      const machine = await store.add(
        {
          id: randomUUID(),
          tenantId,
          name,
          agreementKey: agreement.publicKey,
          signingKey: generateKey(),
          keyEpoch: 1,
          tokenHash: hash('sha256', token, 'buffer'),
          intervalSeconds,
          enrolledAt: now(),
        },
        tx,
      );
      const shared = agree(agreement.privateKey, serverKey).toString('base64');
      agents.push({ id: machine.id, name, token, shared });
    }
    return agents;
  });
  await opened.close();
  return enrolled;
}

const SITES = ['fra', 'ams', 'nyc', 'sgp'];
const ROLES = ['web', 'db', 'cache', 'worker', 'edge', 'build'];
function nameOf(i: number): string {
  return `${ROLES[i % ROLES.length]}-${SITES[Math.floor(i / ROLES.length) % SITES.length]}-${String(Math.floor(i / 24) + 1).padStart(3, '0')}`;
}

/** The 40 series of a middling server: 8 cores, 2 file systems, 2 disks, 2 interfaces. */
const SERIES: readonly { metric: MetricName; instance: string }[] = [
  ...(['cpu.total', 'load.1m', 'load.5m', 'load.15m'] as const).map(single),
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((core) => ({ metric: 'cpu.core' as const, instance: String(core) })),
  ...(['memory.total', 'memory.used', 'memory.available', 'memory.percent', 'swap.total', 'swap.used'] as const).map(
    single,
  ),
  ...(['disk.total', 'disk.used', 'disk.percent'] as const).flatMap((m) => each(m, ['/', '/srv'])),
  ...(['disk.read', 'disk.write'] as const).flatMap((m) => each(m, ['sda', 'sdb'])),
  ...(['network.receive', 'network.send', 'network.receive_packets', 'network.send_packets'] as const).flatMap((m) =>
    each(m, ['eth0', 'eth1']),
  ),
  ...(['processes.count', 'uptime', 'users.count', 'temperature'] as const).map(single),
];

function single(metric: MetricName) {
  return { metric, instance: metric === 'temperature' ? 'cpu' : '' };
}
function each(metric: MetricName, instances: string[]) {
  return instances.map((instance) => ({ metric, instance }));
}

export const SERIES_COUNT = SERIES.length;
export const dictionary: Dictionary = createDictionary(
  SERIES.map(({ metric, instance }) => ({ metric, instance, scale: METRICS[metric].scale })),
);

/** A machine that wanders plausibly: load follows the hour with noise, counters and sizes follow the load. */
export function simulateMachine(seed: number) {
  const cores = Array.from({ length: 8 }, (_, i) => ((seed * 7919 + i * 104_729) % 1000) / 10);
  const memoryTotal = 2 ** (33 + (seed % 3));
  let memory = 0.3 + (seed % 50) / 100;
  let busy = 10 + (seed % 60);
  return (time: number): (number | null)[] => {
    busy = clamp(busy + (Math.random() - 0.5) * 6 + Math.sin(time / 1.8e6 + seed) * 0.5, 1, 99);
    memory = clamp(memory + (Math.random() - 0.5) / 200, 0.1, 0.95);
    const used = Math.round(memoryTotal * memory);
    const values: Partial<Record<MetricName, number>> = {
      'cpu.total': busy,
      'load.1m': busy / 12,
      'load.5m': busy / 13,
      'load.15m': busy / 14,
      'memory.total': memoryTotal,
      'memory.used': used,
      'memory.available': memoryTotal - used,
      'memory.percent': memory * 100,
      'swap.total': 2 ** 31,
      'swap.used': 2 ** 20 * (seed % 64),
      'disk.total': 5e11,
      'disk.used': 5e11 * (0.2 + (seed % 70) / 100),
      'disk.percent': 20 + (seed % 70),
      'disk.read': Math.round(busy * 1e4 * Math.random()),
      'disk.write': Math.round(busy * 3e4 * Math.random()),
      'network.receive': Math.round(busy * 2e4 * Math.random()),
      'network.send': Math.round(busy * 1e4 * Math.random()),
      'network.receive_packets': busy * 20 * Math.random(),
      'network.send_packets': busy * 15 * Math.random(),
      'processes.count': 180 + (seed % 90),
      uptime: Math.floor(time / 1000) % 5_000_000,
      'users.count': seed % 3,
      temperature: 35 + busy / 3,
    };
    return SERIES.map(({ metric, instance }) =>
      metric === 'cpu.core' ? clamp((cores[Number(instance)] ?? 0) / 5 + busy, 0, 100) : (values[metric] ?? null),
    );
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** The sealer of an agent's boot. */
export function startBoot({ id, shared }: SimulatedAgent): FrameSealer {
  return createFrameSealer(Buffer.from(shared, 'base64'), {
    agentId: uuidBytes(id),
    keyEpoch: 1,
    bootId: randomBytes(16),
  });
}

export function encodeReport(
  values: readonly (number | null)[],
  time: number,
  stepMs: number,
  states?: Record<string, unknown>,
): Buffer {
  const columns = values.map((value) => [value]);
  return encodeBatch(dictionary, { startMs: time, stepMs, points: 1, columns, ...(states && { states }) });
}

/** Many points of one machine in one batch, as an agent sends what it had to keep back. */
export function encodeHistory(
  next: (time: number) => (number | null)[],
  from: number,
  points: number,
  stepMs: number,
): Buffer {
  const samples = Array.from({ length: points }, (_, i) => next(from + i * stepMs));
  const columns = SERIES.map((_, series) => samples.map((sample) => sample[series] ?? null));
  return encodeBatch(dictionary, { startMs: from, stepMs, points, columns });
}

/** The documents of a simulated machine: what it is, and what runs on it. */
export function statesOf({ name }: SimulatedAgent, seed: number, busy: number): Record<string, unknown> {
  const entry = (i: number) => ({
    pid: 800 + seed * 13 + i * 37,
    name: ['nginx', 'node', 'postgres', 'redis-server', 'journald', 'sshd', 'cron', 'containerd'][(i + seed) % 8],
    user: ['root', 'www-data', 'postgres', 'redis'][(i + seed) % 4],
    cpu: Math.round((busy * 8) / (i + 2)) / 10,
    memoryBytes: 2 ** 28 - i * 2 ** 24,
  });
  return {
    machine: {
      hostname: name,
      os: { name: 'Debian GNU/Linux', version: '12', kernel: '6.1.0-28-amd64', arch: 'x64' },
      cpu: { model: 'AMD EPYC 7443P', cores: 8, threads: 8 },
      memoryBytes: 2 ** (33 + (seed % 3)),
      disks: [
        { mount: '/', device: '/dev/sda1', type: 'ext4', sizeBytes: 5e11 },
        { mount: '/srv', device: '/dev/sdb1', type: 'xfs', sizeBytes: 5e11 },
      ],
      interfaces: [{ name: 'eth0', mac: '02:00:5e:00:53:01', addresses: [`10.20.${seed >> 8}.${seed & 255}`] }],
      gpus: [],
      vendor: 'Supermicro',
      model: 'AS-1014S',
      serial: '',
      virtualization: '',
      timeZone: 'UTC',
      bootedAt: 1_790_000_000_000,
      agentVersion: '0.1.0',
    },
    processes: { topByCpu: [0, 1, 2, 3, 4].map(entry), topByMemory: [4, 3, 2, 1, 0].map(entry) },
    users: [],
  };
}
