import type { Batteries } from '@bulwark/protocol';
import { batteryContribution } from '../battery-contribution.ts';
import { text } from '../limits.ts';
import type { Collect, Point } from '../reading.ts';
import { systemInformation } from '../system-information.ts';

/** Temperature of the processor and of its cores, where the system tells; Windows does so only to administrators. */
export const temperatureCollector: Collect = async () => {
  const si = await systemInformation();
  const { main, cores } = await si.cpuTemperature();
  const readings: [string, number | null][] = [
    ['cpu', main],
    ...cores.map((c, i): [string, number] => [`core ${i}`, c]),
  ];
  const points = readings.flatMap(([instance, value]): Point[] =>
    value !== null && value > 0 ? [{ metric: 'temperature', instance, value }] : [],
  );
  return { points };
};

/** The machine's batteries. */
export const batteryCollector: Collect = async () => {
  const si = await systemInformation();
  const first = await si.battery();
  if (!first.hasBattery) return batteryContribution([]);
  const batteries: Batteries = [first, ...(first.additionalBatteries ?? [])].map((battery, i) => ({
    name: text(`battery ${i}`), // models repeat where there are two
    percent: Math.min(Math.max(battery.percent, 0), 100),
    charging: battery.isCharging,
    cycles: battery.cycleCount > 0 ? Math.round(battery.cycleCount) : null,
  }));
  return batteryContribution(batteries);
};
