import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { INSTANCE_LENGTH_MAX, isMetricName, METRICS, SERIES_MAX, States } from '@bulwark/protocol';
import { createCollectors } from './index.ts';
import type { Reading } from './reading.ts';

/** Asserts all that the protocol demands of a reading. */
function assertFitsProtocol({ points, states }: Reading): void {
  States.parse(states);
  assert.ok(points.length <= SERIES_MAX);
  const series = points.map(({ metric, instance }) => `${metric} ${instance}`);
  assert.equal(new Set(series).size, series.length, 'each series once');
  for (const { metric, instance, value } of points) {
    assert.ok(isMetricName(metric));
    assert.ok(instance.length <= INSTANCE_LENGTH_MAX);
    assert.ok(METRICS[metric].many || instance === '', metric);
    if (value === null) continue;
    assert.ok(Number.isFinite(value) && value >= 0, `${metric}: ${value}`);
    if (METRICS[metric].unit === 'percent') assert.ok(value <= 100, `${metric}: ${value}`);
  }
}

/** A real process that keeps a core busy, with a secret in its arguments and in its title. */
async function startBusyProcess(t: TestContext, secret: string): Promise<ChildProcess> {
  const program = `process.title = 'busy-test-process --password=${secret}'; console.log('busy'); for (;;);`;
  const child = spawn(process.execPath, ['-e', program, '--', `--token=${secret}`, 'x'.repeat(80)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout ?? assert.fail(), 'data');
  return child;
}

describe('the collectors of this machine', () => {
  // Those of other systems run here as well, through the same library.
  for (const platform of [process.platform, 'darwin'] as const) {
    test(`as on ${platform}, fit the protocol, and show a process without its arguments`, async (t) => {
      const secret = 'canary-5d0b7c';
      const child = await startBusyProcess(t, secret);
      const collectors = createCollectors({ agentVersion: '1.2.3', platform, timeoutMs: 8_000 });
      const first = await collectors.collect();
      await setTimeout(1_000);
      const second = await collectors.collect();
      assert.deepEqual(collectors.failures(), []);

      for (const reading of [first, second]) {
        assertFitsProtocol(reading);
        assert.ok(!JSON.stringify(reading).includes(secret));
      }
      const { processes, machine } = second.states;
      assert.ok(processes?.topByCpu.some(({ pid, cpu }) => pid === child.pid && cpu > 10));
      assert.equal(machine?.agentVersion, '1.2.3');
      assert.ok(machine.memoryBytes > 0 && machine.cpu.threads > 0 && machine.disks.length > 0);

      const metrics = new Set(second.points.map(({ metric }) => metric));
      for (const metric of [
        'cpu.total',
        'cpu.core',
        'memory.percent',
        'disk.percent',
        'uptime',
        'processes.count',
        'users.count',
      ] as const) {
        assert.ok(metrics.has(metric), metric);
      }
    });
  }
});

test('a disabled collector must exist', () => {
  assert.throws(() => createCollectors({ agentVersion: '1', disabled: ['proceses'] }), {
    name: 'CollectorError',
    code: 'ERR_UNKNOWN_COLLECTOR',
  });
});
