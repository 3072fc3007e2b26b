import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteText, progressBar, progressLine } from './progress-bar.ts';

describe('byteText has three digits at most:', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [10_200, '10 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [3 * 1024 ** 3, '3.0 GiB'],
  ];
  for (const [bytes, text] of cases) test(text, () => assert.equal(byteText(bytes), text));
});

test('a line tells the part, the rate and the time left', () => {
  const line = progressLine({ bytes: 50, totalBytes: 200, bytesPerSecond: 2, secondsLeft: 75 });
  assert.equal(line, ' 25 %  ██████░░░░░░░░░░░░░░░░░░  50 B of 200 B  2 B/s  1:15 left');
});

test('a stream has no end to be measured by', () =>
  assert.equal(
    progressLine({ bytes: 50, totalBytes: undefined, bytesPerSecond: 2, secondsLeft: undefined }),
    '50 B  2 B/s',
  ));

test('an empty file is done from the start', () =>
  assert.match(progressLine({ bytes: 0, totalBytes: 0, bytesPerSecond: 0, secondsLeft: 0 }), /^100 %/));

test('a bar is as wide as the terminal at most, and obeys nothing that is in a name', () => {
  let text = '';
  const stderr = { isTTY: true, columns: 70, write: (piece: string) => (text += piece) };
  const bar = progressBar(stderr, true);
  bar.show('a\x1b[2Jb'.repeat(9), { bytes: 1, totalBytes: 2, bytesPerSecond: 1, secondsLeft: 1 });
  assert.equal(text.length, '\r\x1b[K'.length + 69);
  assert.equal(text.lastIndexOf('\x1b'), 1);
});

test('where nobody watches there is none', () => {
  let text = '';
  progressBar({ isTTY: false, write: (piece: string) => (text += piece) }, true).show('x', {
    bytes: 1,
    totalBytes: 2,
    bytesPerSecond: 1,
    secondsLeft: 1,
  });
  assert.equal(text, '');
});
