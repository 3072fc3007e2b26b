import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unit } from '@bulwark/protocol';
import { formatValue } from './value.ts';

const rows: [number | null, Unit, string][] = [
  [12.34, 'percent', '12%'],
  [1_572_864, 'bytes', '1.5 MiB'],
  [2048, 'bytes/s', '2 KiB/s'],
  [1234, 'count', '1,234'],
  [0.4, 'count/s', '0.4/s'],
  [48.25, 'celsius', '48.3 °C'],
  [3720, 'seconds', '1 h 2 min'],
  [0.08, 'load', '0.08'],
  [null, 'bytes', '–'],
];

for (const [value, unit, wanted] of rows) {
  test(`formatValue writes ${value} in ${unit} as ${wanted}`, () => assert.equal(formatValue(value, unit), wanted));
}
