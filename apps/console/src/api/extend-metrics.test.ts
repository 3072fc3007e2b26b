import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MetricsResult, SampleEvent } from '@bulwark/protocol';
import { extendMetrics } from './extend-metrics.ts';

const STEP = 10_000;

const result: MetricsResult = {
  from: 0,
  to: 30_000,
  stepMs: STEP,
  unreadable: 2,
  times: [0, STEP, 2 * STEP],
  series: [
    { metric: 'cpu.total', instance: '', unit: 'percent', values: [1, 2, 3] },
    { metric: 'disk.percent', instance: '/', unit: 'percent', values: [50, 50, 50] },
  ],
};

function sample(time: number, cpu: number | null): SampleEvent {
  return {
    time,
    status: 'online',
    values: [{ metric: 'cpu.total', instance: '', unit: 'percent', value: cpu }],
    processes: null,
  };
}

describe('extendMetrics', () => {
  test('leaves an answer alone when nothing came after it', () => {
    assert.equal(extendMetrics(result, []), result);
    assert.equal(extendMetrics(result, [sample(19_999, 9)]), result);
  });

  test('puts a report of the last step into it', () => {
    const extended = extendMetrics(result, [sample(25_000, 9)]);
    assert.deepEqual(extended.times, result.times);
    assert.deepEqual(extended.series[0]?.values, [1, 2, 9]);
  });

  test('adds a step for a later report and moves the window along', () => {
    const extended = extendMetrics(result, [sample(35_000, 9)]);
    assert.deepEqual([extended.from, extended.to], [5000, 35_000]);
    assert.deepEqual(extended.times, [0, STEP, 2 * STEP, 3 * STEP]);
    assert.deepEqual(extended.series[0]?.values, [1, 2, 3, 9]);
    assert.deepEqual(extended.series[1]?.values, [50, 50, 50, null]);
  });

  test('leaves a gap for steps without a report', () => {
    const extended = extendMetrics(result, [sample(45_000, 9)]);
    assert.deepEqual(extended.times, [STEP, 2 * STEP, 3 * STEP, 4 * STEP]);
    assert.deepEqual(extended.series[0]?.values, [2, 3, null, 9]);
  });

  test('does not change what it was given', () => {
    const before = structuredClone(result);
    extendMetrics(result, [sample(45_000, 9)]);
    assert.deepEqual(result, before);
  });

  test('gives up on a hole longer than the window', () => {
    assert.equal(extendMetrics(result, [sample(3_600_000, 9)]), result);
  });
});
