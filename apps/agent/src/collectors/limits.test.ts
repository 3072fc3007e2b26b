import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INSTANCE_LENGTH_MAX, SERIES_MAX } from '@bulwark/protocol';
import { count, limitPoints, text } from './limits.ts';
import type { Point } from './reading.ts';

describe('limitPoints', () => {
  const cases: { name: string; metric: Point['metric']; value: number | null; limited: number | null }[] = [
    { name: 'keeps a sensible value', metric: 'memory.used', value: 5, limited: 5 },
    { name: 'keeps null', metric: 'memory.used', value: null, limited: null },
    { name: 'turns a negative value into null', metric: 'memory.used', value: -1, limited: null },
    { name: 'turns NaN into null', metric: 'memory.percent', value: Number.NaN, limited: null },
    { name: 'turns infinity into null', metric: 'disk.read', value: Number.POSITIVE_INFINITY, limited: null },
    { name: 'holds percent at 100', metric: 'cpu.total', value: 100.4, limited: 100 },
  ];
  for (const c of cases) {
    test(c.name, () => {
      assert.deepEqual(limitPoints([{ metric: c.metric, instance: '', value: c.value }]), [
        { metric: c.metric, instance: '', value: c.limited },
      ]);
    });
  }

  test('cuts long mount points and keeps them apart', () => {
    const long = `/${'a'.repeat(300)}`;
    const points = limitPoints(['x', 'y'].map((end) => ({ metric: 'disk.used', instance: long + end, value: 1 })));
    const [x, y] = points.map(({ instance }) => instance);
    assert.equal(x?.length, INSTANCE_LENGTH_MAX);
    assert.equal(y?.length, INSTANCE_LENGTH_MAX);
    assert.notEqual(x, y);
  });

  test('keeps no more than the most series a machine may report', () => {
    const points: Point[] = Array.from({ length: SERIES_MAX + 5 }, (_, i) => ({
      metric: 'cpu.core',
      instance: String(i),
      value: 1,
    }));
    assert.equal(limitPoints(points).length, SERIES_MAX);
  });
});

describe('text', () => {
  const cases = [
    { name: 'trims', value: ' vm\n', limited: 'vm' },
    { name: 'cuts at 256', value: 'a'.repeat(300), limited: 'a'.repeat(256) },
    {
      name: 'mends a character that the cut split',
      value: `${'a'.repeat(255)}😀`,
      limited: `${'a'.repeat(255)}\ufffd`,
    },
  ];
  for (const c of cases) test(c.name, () => assert.equal(text(c.value), c.limited));
});

test('count gives 0 for what is no number', () => {
  assert.deepEqual([1.6, -3, Number.NaN, Number.POSITIVE_INFINITY].map(count), [2, 0, 0, 0]);
});
