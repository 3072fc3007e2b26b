import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MetricName, MetricsResult } from '@bulwark/protocol';
import { CHARTS, type ChartSpec, linesOf } from './chart-specs.ts';

function chart(title: string): ChartSpec {
  const found = CHARTS.find((spec) => spec.title === title);
  assert.ok(found, `there is no chart "${title}"`);
  return found;
}

function series(...rows: [MetricName, string, number[]][]): MetricsResult['series'] {
  return rows.map(([metric, instance, values]) => ({ metric, instance, unit: 'count', values }));
}

function drawn(title: string, ...rows: [MetricName, string, number[]][]): [label: string, color: number][] {
  return linesOf(chart(title), series(...rows)).map(({ label, color }) => [label, color]);
}

describe('linesOf', () => {
  test('gives each line of a single instance its own colour', () => {
    assert.deepEqual(drawn('Memory', ['memory.used', '', [1]], ['swap.used', '', [0]]), [
      ['Used', 0],
      ['Swap used', 1],
    ]);
  });

  test('gives both lines of an interface the same colour', () => {
    const rows = drawn('Network', ['network.send', 'wlan0', [1]], ['network.receive', 'wlan0', [1]]);
    assert.deepEqual(rows, [
      ['wlan0 in', 0],
      ['wlan0 out', 0],
    ]);
  });

  test('orders cores by number', () => {
    const rows = drawn('Cores', ['cpu.core', '10', [1]], ['cpu.core', '9', [1]]);
    assert.deepEqual(
      rows.map(([label]) => label),
      ['Core 9', 'Core 10'],
    );
  });

  test('draws the four busiest interfaces', () => {
    const rows = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index): [MetricName, string, number[]] => [
      'network.receive',
      name,
      [index],
    ]);
    assert.deepEqual(
      drawn('Network', ...rows).map(([label]) => label),
      ['c in', 'd in', 'e in', 'f in'],
    );
  });

  test('draws no errors where there are none', () => {
    assert.deepEqual(drawn('Network errors', ['network.receive_errors', 'eth0', [0, 0]]), []);
    assert.deepEqual(drawn('Network errors', ['network.receive_errors', 'eth0', [0, 2]]), [['eth0 in', 0]]);
  });
});
