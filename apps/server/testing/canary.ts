import { VALUES } from './simulated-agent.ts';

/** Names that occur nowhere else: what a machine says of itself, and must be nowhere in clear. */
export const CANARY = {
  host: 'canary-host-4711',
  process: 'canary-process-4712',
  user: 'canary-user-4713',
  mount: '/canary-mount-4714',
} as const;

export const CANARY_VALUES = { ...VALUES, [`disk.percent ${CANARY.mount}`]: 55 };

export const CANARY_STATES = {
  machine: {
    hostname: CANARY.host,
    os: { name: 'Debian', version: '12', kernel: '6.1', arch: 'x64' },
    cpu: { model: 'test', cores: 1, threads: 1 },
    memoryBytes: 1,
    disks: [],
    interfaces: [],
    gpus: [],
    vendor: '',
    model: '',
    serial: '',
    virtualization: '',
    timeZone: 'UTC',
    bootedAt: 0,
    agentVersion: '0',
  },
  processes: {
    topByCpu: [{ pid: 1, name: CANARY.process, user: CANARY.user, cpu: 1, memoryBytes: 1 }],
    topByMemory: [],
  },
  users: [{ name: CANARY.user, terminal: 'pts/0', host: CANARY.host, since: 0 }],
};
