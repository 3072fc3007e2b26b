import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteText, countText, progressBar, progressLine } from './progress-bar.ts';

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
  const line = progressLine({ done: 50, total: 200, perSecond: 2, secondsLeft: 75 }, byteText);
  assert.equal(line, ' 25 %  ██████░░░░░░░░░░░░░░░░░░  50 B of 200 B  2 B/s  1:15 left');
});

test('rows are counted in full, and 100 % is the most that more of them than there were can be', () => {
  const line = progressLine({ done: 12_345, total: 12_000, perSecond: 1_234.5, secondsLeft: 0 }, countText);
  assert.equal(line, '100 %  ████████████████████████  12,345 of 12,000  1,235/s  0:00 left');
});

test('a stream has no end to be measured by', () =>
  assert.equal(
    progressLine({ done: 50, total: undefined, perSecond: 2, secondsLeft: undefined }, byteText),
    '50 B  2 B/s',
  ));

test('an empty file is done from the start', () =>
  assert.match(progressLine({ done: 0, total: 0, perSecond: 0, secondsLeft: 0 }, byteText), /^100 %/));

test('a bar is as wide as the terminal at most, and obeys nothing that is in a name', () => {
  let text = '';
  const stderr = { isTTY: true, columns: 70, write: (piece: string) => (text += piece) };
  const bar = progressBar(stderr, true, byteText);
  bar.show('a\x1b[2Jb'.repeat(9), { done: 1, total: 2, perSecond: 1, secondsLeft: 1 });
  assert.equal(text.length, '\r\x1b[K'.length + 69);
  assert.equal(text.lastIndexOf('\x1b'), 1);
});

test('where nobody watches there is none', () => {
  let text = '';
  progressBar({ isTTY: false, write: (piece: string) => (text += piece) }, true, byteText).show('x', {
    done: 1,
    total: 2,
    perSecond: 1,
    secondsLeft: 1,
  });
  assert.equal(text, '');
});
