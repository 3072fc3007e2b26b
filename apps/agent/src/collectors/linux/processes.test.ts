import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manualClock } from '../testing/clock.ts';
import { processStat, recordMachine } from '../testing/recorded-machine.ts';
import { parseProcessStat } from './process-stat.ts';
import { processesCollector } from './processes.ts';
import { openTree } from './tree.ts';

const status = (uid: number, kilobytes: number) =>
  `Name:\tx\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nVmRSS:\t${kilobytes} kB\n`;
const passwd = 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n';

/** Files of one process. */
function processFiles(
  pid: number,
  { comm = 'job', ticks = 0, startedAt = 5, pages = 1, uid = 1000, cmdline = '' },
): Record<string, string> {
  return {
    [`/proc/${pid}/stat`]: processStat({ pid, comm, ticks, startedAt, pages }),
    [`/proc/${pid}/status`]: status(uid, pages * 4),
    [`/proc/${pid}/cmdline`]: cmdline,
  };
}

test('the name in a process line may hold anything', () => {
  const line = processStat({ pid: 7, comm: 'a) S (b 1 2', ticks: 3, startedAt: 9, pages: 11 });
  assert.deepEqual(parseProcessStat(line), { pid: 7, comm: 'a) S (b 1 2', ticks: 3, startedAt: 9, residentPages: 11 });
});

describe('processes', () => {
  test('are counted at once, and ranked from the second pass on', async (t) => {
    const clock = manualClock();
    const machine = recordMachine(t, {
      '/etc/passwd': passwd,
      ...processFiles(10, { ticks: 1000, pages: 50 }),
      ...processFiles(11, { ticks: 500, pages: 10, uid: 4711 }),
      ...processFiles(12, { ticks: 70, startedAt: 5 }),
      '/proc/uptime': '1 1',
    });
    const collect = processesCollector(openTree(machine.root), clock.now);
    assert.deepEqual(await collect(), { points: [{ metric: 'processes.count', instance: '', value: 3 }] });

    clock.advance(10_000);
    machine.remove('/proc/12');
    machine.write({
      ...processFiles(10, { ticks: 1100, pages: 50 }), // 1 s of 10 s
      ...processFiles(11, { ticks: 2000, pages: 10, uid: 4711 }), // 15 s of 10 s: two threads
      ...processFiles(13, { ticks: 20, startedAt: 99, pages: 0 }), // new, and a kernel thread
    });
    const { points, states } = await collect();
    assert.deepEqual(points, [{ metric: 'processes.count', instance: '', value: 3 }]);
    const job = (pid: number, user: string, cpu: number, memoryBytes: number) => ({
      pid,
      name: 'job',
      user,
      cpu,
      memoryBytes,
    });
    assert.deepEqual(states?.processes, {
      topByCpu: [job(11, '4711', 150, 40_960), job(10, 'ada', 10, 204_800), job(13, 'ada', 2, 0)],
      topByMemory: [job(10, 'ada', 10, 204_800), job(11, '4711', 150, 40_960)],
    });
  });

  test('with a pid used before are new ones', async (t) => {
    const clock = manualClock();
    const machine = recordMachine(t, { '/etc/passwd': passwd, ...processFiles(10, { ticks: 1000, startedAt: 5 }) });
    const collect = processesCollector(openTree(machine.root), clock.now);
    await collect();
    clock.advance(10_000);
    machine.write(processFiles(10, { ticks: 30, startedAt: 800 }));
    assert.equal((await collect()).states?.processes?.topByCpu[0]?.cpu, 3);
  });

  const names = [
    {
      name: 'are called by their own name',
      comm: 'nginx: worker',
      cmdline: 'nginx: worker process\0',
      expected: 'nginx: worker',
    },
    {
      name: 'have a cut name completed',
      comm: 'systemd-network',
      cmdline: '/lib/systemd/systemd-networkd\0',
      expected: 'systemd-networkd',
    },
    {
      name: 'keep a cut name that the program does not share',
      comm: 'Isolated Web Co',
      cmdline: '/opt/firefox\0-x\0',
      expected: 'Isolated Web Co',
    },
    {
      name: 'of Node are called by the program',
      comm: 'MainThread',
      cmdline: '/usr/bin/node\0--password=canary\0',
      expected: 'node',
    },
    {
      name: 'show no argument from a rewritten title',
      comm: 'long-worker-nam',
      cmdline: 'long-worker-name --password=canary',
      expected: 'long-worker-name',
    },
    { name: 'without a command line keep the name', comm: 'MainThread', cmdline: '', expected: 'MainThread' },
  ];
  for (const c of names) {
    test(c.name, async (t) => {
      const clock = manualClock();
      const machine = recordMachine(t, { '/etc/passwd': passwd, ...processFiles(10, c) });
      const collect = processesCollector(openTree(machine.root), clock.now);
      await collect();
      clock.advance(1000);
      const { states } = await collect();
      assert.equal(states?.processes?.topByMemory[0]?.name, c.expected);
      assert.doesNotMatch(JSON.stringify(states), /canary/);
    });
  }

  test('have the new name of a user who was renamed', async (t) => {
    const clock = manualClock();
    const machine = recordMachine(t, { '/etc/passwd': passwd, ...processFiles(10, {}) });
    const collect = processesCollector(openTree(machine.root), clock.now);
    const user = async () => {
      clock.advance(1000);
      return (await collect()).states?.processes?.topByMemory[0]?.user;
    };
    await collect();
    assert.equal(await user(), 'ada');
    await new Promise((resolve) => setTimeout(resolve, 10)); // another modification time
    machine.write({ '/etc/passwd': passwd.replace('ada', 'augusta') });
    assert.equal(await user(), 'augusta');
  });
});
