import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Progress, ProgressMeter } from './progress.ts';

function meter(totalBytes: number | undefined, resumedBytes = 0) {
  const reports: Progress[] = [];
  const clock = { ms: 0 };
  const progress = new ProgressMeter(
    (report) => reports.push(report),
    totalBytes,
    resumedBytes,
    () => clock.ms,
  );
  const after = (ms: number, bytes: number) => {
    clock.ms += ms;
    progress.add(bytes);
  };
  return { reports, progress, after };
}

test('progress is told ten times a second at most, and at the end', () => {
  const { reports, progress, after } = meter(1000);
  for (let i = 0; i < 100; i++) after(10, 10);
  assert.equal(reports.length, 10);
  progress.end();
  assert.deepEqual(reports.at(-1), { bytes: 1000, totalBytes: 1000, bytesPerSecond: 1000, secondsLeft: 0 });
});

test('progress tells rate and time left of this run, without what was resumed', () => {
  const { reports, after } = meter(1000, 400);
  after(1000, 200);
  assert.deepEqual(reports, [{ bytes: 600, totalBytes: 1000, bytesPerSecond: 200, secondsLeft: 2 }]);
});

test('progress of a stream has no time left', () => {
  const { reports, after } = meter(undefined);
  after(100, 5);
  assert.deepEqual(reports, [{ bytes: 5, totalBytes: undefined, bytesPerSecond: 50, secondsLeft: undefined }]);
});
