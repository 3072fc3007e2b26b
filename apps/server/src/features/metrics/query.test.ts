import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDictionary } from '@bulwark/telemetry';
import type { Machine } from '../machines/store.ts';
import { type HistoricReport, type History, UNREADABLE } from './history.ts';
import { queryMetrics } from './query.ts';
import { sampleTime } from './sample-time.ts';

const START = 1_795_000_200_000;
const machine = {} as Machine;
const dictionary = createDictionary([{ metric: 'cpu.total', instance: '', scale: 10 }]);

function report(second: number, value: number | null): HistoricReport {
  const time = START + second * 1000;
  return {
    receivedAt: time,
    time,
    dictionary,
    batch: { startMs: time, stepMs: 10_000, points: 1, columns: [[value]] },
  };
}

async function cpu(reports: (HistoricReport | typeof UNREADABLE)[], seconds: number, points: number) {
  const history = {
    async *read() {
      yield* reports;
    },
  } as unknown as History;
  const range = {
    from: START,
    to: START + seconds * 1000,
    points,
    metrics: ['cpu.total'] as const,
    intervalMs: 10_000,
  };
  return queryMetrics(history, machine, range);
}

describe('a range', () => {
  test('is cut into steps that are never shorter than the interval', async () => {
    const { stepMs, times } = await cpu([], 60, 600);
    assert.equal(stepMs, 10_000);
    assert.deepEqual(
      times.map((time) => time - START),
      [0, 10_000, 20_000, 30_000, 40_000, 50_000],
    );
  });

  test('has the mean of each step', async () => {
    const reports = [0, 10, 20, 30, 40, 50, 60, 70].map((second) => report(second, second));
    const { series, stepMs } = await cpu(reports, 300, 10);
    assert.equal(stepMs, 30_000);
    assert.deepEqual(series[0]?.values.slice(0, 4), [10, 40, 65, null]);
  });

  test('shows a machine that fell silent as a gap', async () => {
    const { series } = await cpu([report(0, 1), report(10, 2), report(50, 3)], 60, 600);
    assert.deepEqual(series[0]?.values, [1, 2, null, null, null, 3]);
  });

  test('shows no gap where a report was a moment late', async () => {
    const { series } = await cpu([report(0, 1), report(10, 2), report(30, 3), report(39.9, 4), report(50, 5)], 60, 600);
    assert.deepEqual(series[0]?.values, [1, 2, 2, 3.5, 3.5, 5]);
  });

  test('shows a value that was not measured as a gap', async () => {
    const { series } = await cpu([report(0, 1), report(10, null), report(20, null), report(30, 3)], 40, 600);
    assert.deepEqual(series[0]?.values, [1, null, null, 3]);
  });

  test('leaves out what lies beside it', async () => {
    const { series } = await cpu([report(-10, 7), report(0, 1), report(60, 9)], 60, 600);
    assert.deepEqual(series[0]?.values, [1, null, null, null, null, null]);
  });

  test('counts the reports that do not open', async () => {
    assert.equal((await cpu([report(0, 1), UNREADABLE, UNREADABLE], 60, 600)).unreadable, 2);
  });
});

describe('a sample was taken', () => {
  test("when its machine's clock says", () => assert.equal(sampleTime(1000, 900), 1000));
  test('long ago, where it waited on the machine', () => assert.equal(sampleTime(1000, 9_999_999), 1000));
  test('when it came in, where the clock is far ahead', () => assert.equal(sampleTime(999_999, 1000), 1000));
});
