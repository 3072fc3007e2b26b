import type { Collect, Point } from '../reading.ts';
import type { Tree } from './tree.ts';

const HWMON = '/sys/class/hwmon';
const THERMAL = '/sys/class/thermal';
const DISCOVER_EVERY_MS = 300_000;
/** What a sensor chip reports for an input with nothing on it lies outside: 0, negative, or 127 and above. */
const SENSIBLE = { above: 0, below: 127 };

interface Sensor {
  instance: string;
  /** The file with the temperature in thousandths of a degree. */
  input: string;
}

/** Every temperature the kernel's drivers read. Which sensors there are is looked up every five minutes. */
export function temperatureCollector(tree: Tree, now: () => number): Collect {
  let sensors: Sensor[] = [];
  let discoverAt = Number.NEGATIVE_INFINITY;

  return async () => {
    if (now() >= discoverAt) {
      sensors = await discover(tree);
      discoverAt = now() + DISCOVER_EVERY_MS;
    }
    const points: Point[] = [];
    for (const { instance, input } of sensors) {
      // Empty while a device sleeps (Wi-Fi off), or from a sensor that has gone.
      const celsius = Number.parseInt(await tree.readIfAny(input), 10) / 1000;
      if (celsius > SENSIBLE.above && celsius < SENSIBLE.below)
        points.push({ metric: 'temperature', instance, value: celsius });
    }
    return { points };
  };
}

async function discover(tree: Tree): Promise<Sensor[]> {
  const chips = await hwmonSensors(tree);
  // Most zones are offered as chips too, with dashes turned into underscores.
  const zones = await thermalZones(tree, (zone) => chips.some(({ chip }) => chip === zone.replaceAll('-', '_')));
  return withDistinctNames([...chips, ...zones]);
}

async function hwmonSensors(tree: Tree): Promise<(Sensor & { chip: string })[]> {
  const sensors = [];
  for (const folder of await sorted(tree, HWMON, /^hwmon\d+$/)) {
    const chip = await tree.readIfAny(`${HWMON}/${folder}/name`);
    for (const file of await sorted(tree, `${HWMON}/${folder}`, /^temp\d+_input$/)) {
      const sensor = file.replace('_input', '');
      const label = (await tree.readIfAny(`${HWMON}/${folder}/${sensor}_label`)) || sensor;
      sensors.push({ chip, instance: `${chip} ${label}`, input: `${HWMON}/${folder}/${file}` });
    }
  }
  return sensors;
}

async function thermalZones(tree: Tree, isKnown: (type: string) => boolean): Promise<Sensor[]> {
  const sensors = [];
  for (const zone of await sorted(tree, THERMAL, /^thermal_zone\d+$/)) {
    const type = await tree.readIfAny(`${THERMAL}/${zone}/type`);
    if (!isKnown(type)) sensors.push({ instance: type || zone, input: `${THERMAL}/${zone}/temp` });
  }
  return sensors;
}

/** Two disks of a kind have sensors of the same name; the second becomes 'nvme Composite 2'. */
function withDistinctNames(sensors: Sensor[]): Sensor[] {
  const seen = new Map<string, number>();
  return sensors.map(({ instance, input }) => {
    const nth = (seen.get(instance) ?? 0) + 1;
    seen.set(instance, nth);
    return { instance: nth === 1 ? instance : `${instance} ${nth}`, input };
  });
}

async function sorted(tree: Tree, folder: string, names: RegExp): Promise<string[]> {
  const found = (await tree.list(folder)).filter((name) => names.test(name));
  return found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
