import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { States } from '@bulwark/protocol';
import { createCollectors } from '../index.ts';
import type { Reading } from '../reading.ts';
import { manualClock } from '../testing/clock.ts';
import { recordMachine, SMALL_LINUX } from '../testing/recorded-machine.ts';

const options = { agentVersion: '1.2.3', platform: 'linux' as const };

/** Values by 'metric' or 'metric instance'. */
const values = ({ points }: Reading) =>
  Object.fromEntries(points.map(({ metric, instance, value }) => [`${metric} ${instance}`.trim(), value]));

describe('the collectors of a recorded Linux', () => {
  test('give amounts at first, and rates from the second reading on', async (t) => {
    const clock = manualClock();
    const machine = recordMachine(t, SMALL_LINUX);
    const collectors = createCollectors({ ...options, root: machine.root, now: clock.now });

    const first = values(await collectors.collect());
    const { 'disk.total /': total, 'disk.used /': used, 'disk.percent /': percent, ...amounts } = first;
    assert.ok(total && used && percent); // of the real disk below
    assert.deepEqual(amounts, {
      ...{ 'load.1m': 0.5, 'load.5m': 0.25, 'load.15m': 0.1 },
      ...{ 'memory.total': 1_024_000, 'memory.used': 614_400, 'memory.available': 409_600, 'memory.percent': 60 },
      ...{ 'swap.total': 204_800, 'swap.used': 51_200 },
      ...{ 'processes.count': 2, uptime: 1000.5, 'users.count': 0 },
    });

    clock.advance(10_000);
    machine.write({
      '/proc/stat': 'cpu  160 0 90 1600 150 0 0 0 0 0\ncpu0 160 0 90 1600 150 0 0 0 0 0\n',
      '/proc/diskstats': '   8       0 sda 30 0 300 5 120 0 2200 5 0 5 10\n',
      '/proc/net/dev': '\n\n  eth0: 500 30 1 0 0 0 0 0 12000 120 2 0 0 0 0 0\n',
    });
    const second = values(await collectors.collect());
    assert.deepEqual(Object.fromEntries(Object.entries(second).filter(([key]) => !(key in first))), {
      ...{ 'cpu.total': 10, 'cpu.core 0': 10 },
      ...{ 'disk.read sda': 10_240, 'disk.write sda': 102_400, 'disk.reads sda': 2, 'disk.writes sda': 10 },
      ...{ 'network.receive eth0': null, 'network.send eth0': 1000 }, // the first counter went back
      ...{ 'network.receive_packets eth0': 2, 'network.send_packets eth0': 10 },
      ...{ 'network.receive_errors eth0': 0, 'network.send_errors eth0': 0 },
    });
    assert.deepEqual(collectors.failures(), []);
  });

  test('describe the machine', async (t) => {
    const machine = recordMachine(t, {
      ...SMALL_LINUX,
      '/sys/class/dmi/id/sys_vendor': 'Example Inc.\n',
      '/sys/class/dmi/id/product_name': 'To Be Filled By O.E.M.\n',
      '/proc/device-tree/model': 'Example Board\0',
      '/run/systemd/container': 'lxc\n',
    });
    const { states } = await createCollectors({ ...options, root: machine.root }).collect();
    const { disks, os, timeZone, ...facts } = States.parse(states).machine ?? assert.fail('no machine');
    assert.equal(disks[0]?.mount, '/');
    assert.deepEqual([os.name, os.version, os.kernel], ['Example Linux', '12', '6.1.0']);
    assert.notEqual(timeZone, '');
    assert.deepEqual(facts, {
      ...{ hostname: 'small', cpu: { model: 'Example CPU', cores: 1, threads: 1 }, memoryBytes: 1_024_000 },
      ...{ interfaces: [], gpus: [], vendor: 'Example Inc.', model: 'Example Board', serial: '' },
      ...{ virtualization: 'lxc', bootedAt: 1_700_000_000_000, agentVersion: '1.2.3' },
    });
  });

  test('do without what fails, and say so without a path', async (t) => {
    const machine = recordMachine(t, SMALL_LINUX);
    machine.remove('/proc/meminfo');
    machine.write({ '/proc/stat': 'nonsense' });
    const collectors = createCollectors({ ...options, root: machine.root });
    const reading = values(await collectors.collect());
    assert.equal(reading.uptime, 1000.5);
    assert.ok(!('memory.total' in reading));
    assert.deepEqual(collectors.failures(), [
      { collector: 'cpu', reason: '/proc/stat has no cpu line' },
      { collector: 'memory', reason: 'ENOENT in open' },
      { collector: 'machine', reason: 'ENOENT in open' },
    ]);
  });

  test('do without a sensor that hangs', async (t) => {
    const machine = recordMachine(t, SMALL_LINUX);
    const supply = join(machine.root, '/sys/class/power_supply/BAT0');
    mkdirSync(supply, { recursive: true });
    const sensor = join(supply, 'type');
    execFileSync('mkfifo', [sensor]); // opening it to read waits until somebody writes
    const collectors = createCollectors({ ...options, root: machine.root, timeoutMs: 200 });
    try {
      const { points, states } = await collectors.collect();
      assert.ok(points.length > 10);
      assert.ok(!('batteries' in states));
      assert.deepEqual(collectors.failures(), [{ collector: 'battery', reason: 'no answer within 200 ms' }]);
    } finally {
      closeSync(openSync(sensor, constants.O_WRONLY | constants.O_NONBLOCK));
    }
  });

  test('measure nothing that is disabled', async (t) => {
    const machine = recordMachine(t, SMALL_LINUX);
    const disabled = ['processes', 'users', 'machine', 'battery'];
    const { points, states } = await createCollectors({ ...options, root: machine.root, disabled }).collect();
    assert.deepEqual(states, {});
    assert.ok(points.every(({ metric }) => !/^(processes|users|battery)/.test(metric)));
  });

  test('count two thousand processes', async (t) => {
    const machine = recordMachine(t, SMALL_LINUX);
    for (let pid = 3000; pid < 5000; pid += 1) machine.write({ [`/proc/${pid}/stat`]: SMALL_LINUX['/proc/42/stat'] });
    const collectors = createCollectors({ ...options, root: machine.root });
    assert.equal(values(await collectors.collect())['processes.count'], 2002);
  });
});
