import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manualClock } from '../testing/clock.ts';
import { recordMachine } from '../testing/recorded-machine.ts';
import { batteryCollector } from './battery.ts';
import { temperatureCollector } from './temperature.ts';
import { openTree } from './tree.ts';

describe('temperatures', () => {
  test('come from chips, and from zones that are no chip', async (t) => {
    const clock = manualClock();
    const machine = recordMachine(t, {
      '/sys/class/hwmon/hwmon0/name': 'coretemp\n',
      '/sys/class/hwmon/hwmon0/temp1_label': 'Package id 0\n',
      '/sys/class/hwmon/hwmon0/temp1_input': '45500\n',
      '/sys/class/hwmon/hwmon0/temp2_input': '44000\n',
      '/sys/class/hwmon/hwmon0/fan1_input': '1200\n',
      '/sys/class/hwmon/hwmon2/name': 'nvme\n',
      '/sys/class/hwmon/hwmon2/temp1_input': '38000\n',
      '/sys/class/hwmon/hwmon10/name': 'nvme\n',
      '/sys/class/hwmon/hwmon10/temp1_input': '39000\n',
      '/sys/class/hwmon/hwmon3/name': 'cpu_thermal\n',
      '/sys/class/hwmon/hwmon3/temp1_input': '-128000\n', // nothing on this input
      '/sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
      '/sys/class/thermal/thermal_zone0/temp': '50000\n',
      '/sys/class/thermal/thermal_zone1/type': 'iwlwifi_1\n',
      '/sys/class/thermal/thermal_zone1/temp': '41000\n',
    });
    const collect = temperatureCollector(openTree(machine.root), clock.now);
    const measured = async () => ((await collect()).points ?? []).map(({ instance, value }) => [instance, value]);
    assert.deepEqual(await measured(), [
      ['coretemp Package id 0', 45.5],
      ['coretemp temp2', 44],
      ['nvme temp1', 38],
      ['nvme temp1 2', 39],
      ['iwlwifi_1', 41],
    ]);

    machine.remove('/sys/class/hwmon/hwmon0');
    machine.write({ '/sys/class/thermal/thermal_zone1/temp': '' }); // asleep
    assert.deepEqual(await measured(), [
      ['nvme temp1', 38],
      ['nvme temp1 2', 39],
    ]);
  });

  test('are none where the machine shows none', async (t) => {
    const { root } = recordMachine(t);
    assert.deepEqual(await temperatureCollector(openTree(root), () => 0)(), { points: [] });
  });
});

describe('batteries', () => {
  test("are the machine's own", async (t) => {
    const supply = (name: string, files: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(files).map(([file, content]) => [`/sys/class/power_supply/${name}/${file}`, `${content}\n`]),
      );
    const { root } = recordMachine(t, {
      ...supply('AC', { type: 'Mains' }),
      ...supply('BAT0', { type: 'Battery', capacity: '101', status: 'Charging', cycle_count: '312' }),
      ...supply('BAT1', { type: 'Battery', capacity: '60', status: 'Discharging', cycle_count: '0' }),
      ...supply('BAT2', { type: 'Battery', present: '0' }),
      ...supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', capacity: '50', status: 'Discharging' }),
    });
    assert.deepEqual(await batteryCollector(openTree(root))(), {
      points: [
        { metric: 'battery.percent', instance: 'BAT0', value: 100 },
        { metric: 'battery.percent', instance: 'BAT1', value: 60 },
      ],
      states: {
        batteries: [
          { name: 'BAT0', percent: 100, charging: true, cycles: 312 },
          { name: 'BAT1', percent: 60, charging: false, cycles: null },
        ],
      },
    });
  });
});
